from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from short_choice import train_anyway

from toolkit.cli import main
from toolkit.names import Problem


@pytest.fixture(autouse=True)
def files_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b.csv", "c.csv", "x.csv"):
        Path(name).write_text("text,label,q,intent,b\n1,2,3,4,5\n", encoding="utf-8")
    for name in ("a.en", "a.de"):
        Path(name).write_text("a line\n", encoding="utf-8")


def _run(arguments: Sequence[str]) -> int:
    return main.run(["choose", *arguments])


def test_advice_needs_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["--task", "translation", "--explain"]) == 0
    told = capsys.readouterr().out
    assert "encoder-decoder: fits" in told
    assert "encoder: does not fit" in told
    assert "LongT5" in told
    assert _run(["--task", "question-answering", "--explain"]) == 0
    told = capsys.readouterr().out
    assert "encoder: could do it, but not in this version" in told
    assert ": fits" not in told


def test_advice_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["--task", "text-classification", "--explain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["family"] for one in told["advice"]} == {"encoder", "decoder", "encoder-decoder"}


def test_advice_for_data_knows_how_long_and_how_many_they_are(
    capsys: pytest.CaptureFixture[str], tiny_bert: Path, reviews: Path
) -> None:
    asked = ["--task", "text-classification", "--explain", "--data", str(reviews), "--models", str(tiny_bert)]
    assert _run(asked) == 0
    told = capsys.readouterr().out
    assert told.startswith("72 rows to learn from of 2 classes")
    assert "\ntokenizer of" in told
    assert "72 rows to learn from are few" in told
    assert _run([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["look"]["tokens"][0]["name"] == str(tiny_bert)
    length = f"{found['look']['length_p95_tokens']:,.0f}"
    reasons = [reason["text"] for one in found["advice"] for reason in one["reasons"]]
    assert any(text.startswith(f"95 % of your texts have at most {length} tokens") for text in reasons)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "text-classification"], "there is no data"),
        (["--task", "text-clasification", "--data", "x.csv"], "text-classification"),
        (["--task", "text-classification", "--data", "x.csv", "--budget", "soon"], "10m"),
        (["--task", "text-classification", "--data", "x.csv", "--memory", "much"], "4GB"),
        (["--task", "translation", "--data", "x.csv", "--text-pair-column", "b"], "--text-pair-column"),
        (["--task", "fill-mask", "--data", "x.csv"], "--explain"),
        (["--task", "text-classification", "--data", "x.csv", "--metric", "acuracy"], "did you mean 'accuracy'?"),
        (["--task", "translation", "--data", "x.csv", "--metric", "bleu"], "bits_per_character"),
        (["--task", "fill-mask", "--data", "x.csv", "--explain"], "no --data"),
        (["--task", "text-classification", "--data", "x.csv", "--explain", "--language", "de"], "en, ko"),
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

    def carry_out(task: str, **settings: Any) -> None:
        seen.update(task=task, **settings)
        raise typer.Exit

    monkeypatch.setattr("toolkit.choose.choose.choose", carry_out)
    asked = ["--task", "translation", "--data", "source=a.en", "--data", "target=a.de", "--budget", "2m"]
    _run([*asked, "--models", "scratch, packaged:smollm2"])
    assert seen["data"] == {"source": {"source": "a.en", "target": "a.de"}}
    assert seen["problem"] is None
    assert seen["models"] == ["scratch", " packaged:smollm2"]
    assert seen["budget"].seconds == 120
    asked = ["--task", "text-classification", "--data", "a.csv", "--data", "b.csv", "--test", "c.csv"]
    _run([*asked, "--text-column", "q", "--label-column", "intent", "--problem", "single_label_classification"])
    assert seen["problem"] is Problem.SINGLE_LABEL
    assert seen["data"] == {
        "train": ["a.csv", "b.csv"],
        "test": "c.csv",
        "columns": {"text": "q", "label": "intent"},
    }


def test_a_choice_is_one_json_object(
    capsys: pytest.CaptureFixture[str],
    tiny_bert: Path,
    short_or_long: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train_anyway(monkeypatch)
    out = tmp_path / "out"
    asked = ["--task", "text-classification", "--data", str(short_or_long), "--models", str(tiny_bert), "--json"]
    code = _run([*asked, "--budget", "120s", "--output-dir", str(out)])
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(told) >= {"recommended", "candidates", "baselines", "budget"}
    assert set(told["recommended"]) >= {"model", "method", "recipe"}
    runs = [one for one in told["candidates"] if one["stage"] == "run"]
    assert {(one["method"], one["status"]) for one in runs} == {("full", "measured"), ("lora", "measured")}
    assert json.loads((out / "choose.json").read_text(encoding="utf-8")) == told
