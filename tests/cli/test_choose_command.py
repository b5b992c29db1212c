from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from toolkit.cli import choose as command
from toolkit.cli import main


@pytest.fixture(autouse=True)
def verb() -> None:
    """The verb, where the command line does not have it yet."""
    if not any(known.name == "choose" for known in main.app.registered_commands):
        main.app.command("choose", epilog=command.EXAMPLE)(command.choose)


def _run(arguments: Sequence[str]) -> int:
    return main.run(["choose", *arguments])


def test_advice_needs_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["--task", "translation", "--explain"]) == 0
    told = capsys.readouterr().out
    assert "encoder-decoder: fits" in told
    assert "encoder: does not fit" in told


def test_advice_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["--task", "text-classification", "--explain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["family"] for one in told["advice"]} == {"encoder", "decoder", "encoder-decoder"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "text-classification"], "there is no data"),
        (["--task", "text-clasification", "--data", "x.csv"], "text-classification"),
        (["--task", "text-classification", "--data", "x.csv", "--budget", "soon"], "10m"),
        (["--task", "text-classification", "--data", "x.csv", "--memory", "much"], "4GB"),
        (["--task", "translation", "--data", "x.csv", "--text-pair-column", "b"], "--text-pair-column"),
        (["--task", "summarization", "--data", "x.csv"], "--explain"),
    ],
)
def test_what_is_wrong_with_the_command_line_is_told(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_missing_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["--task", "text-classification", "--data", "not-there.csv"]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_options_become_a_data_section(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def carry_out(task: str, section: dict[str, Any], **settings: Any) -> None:
        seen.update(section=section, task=task, **settings)
        raise typer.Exit

    monkeypatch.setattr("toolkit.choose.choose.choose", carry_out)
    asked = ["--task", "translation", "--data", "source=a.en", "--data", "target=a.de", "--budget", "2m"]
    _run([*asked, "--models", "scratch, packaged:smollm2"])
    assert seen["section"] == {"source": {"source": "a.en", "target": "a.de"}}
    assert seen["models"] == ["scratch", " packaged:smollm2"]
    assert seen["budget"].seconds == 120
    asked = ["--task", "text-classification", "--data", "a.csv", "--data", "b.csv", "--test", "c.csv"]
    _run([*asked, "--text-column", "q", "--label-column", "intent"])
    assert seen["section"] == {
        "train": ["a.csv", "b.csv"],
        "test": "c.csv",
        "columns": {"text": "q", "label": "intent"},
    }


def test_a_choice_is_one_json_object(
    capsys: pytest.CaptureFixture[str], tiny_bert: Path, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.choose.stages.LONGEST", 0.0)
    out = tmp_path / "out"
    asked = ["--task", "text-classification", "--data", str(reviews), "--models", str(tiny_bert), "--json"]
    code = _run([*asked, "--budget", "60s", "--output-dir", str(out)])
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(told) >= {"recommended", "candidates", "baselines", "budget"}
    assert set(told["recommended"]) >= {"model", "method", "recipe"}
    assert json.loads((out / "choose.json").read_text(encoding="utf-8")) == told
