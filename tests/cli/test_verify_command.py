"""`toolkit verify` as people type it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from verified_models import labelled

from toolkit.cli.main import run
from toolkit.hub.verify import fresh_process, replay
from toolkit.workflow import verify as story


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled("bert", tmp_path_factory.mktemp("home") / "영화 평")


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(request: str, *_: Any, **__: Any) -> dict[str, Any]:
        return json.loads(json.dumps(replay.main(json.loads(request))))

    monkeypatch.setattr(fresh_process, "_run", run)


@pytest.fixture
def changed(finished: Path, tmp_path: Path) -> Path:
    """The same run with two labels exchanged."""
    folder = tmp_path / "changed"
    shutil.copytree(finished, folder)
    config = json.loads((folder / "model" / "config.json").read_text(encoding="utf-8"))
    names = config["id2label"]
    names["0"], names["2"] = names["2"], names["0"]
    (folder / "model" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_a_run_is_verified_in_a_fresh_process(finished: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["verify", str(finished)]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    words = ("files", "opens", "head", "labels", "tokenizer", "answers", "card")
    assert [line.split()[:2] for line in lines[:-1]] == [["ok", word] for word in words]
    assert "8 rows, none flipped" in lines[5]
    assert lines[-1] == f"verified: {finished / 'model'}"
    assert captured.err == f"verifying {finished} in a fresh process\n"


def test_json_is_one_object(finished: Path, in_process: None, capsys: pytest.CaptureFixture[str]):
    assert run(["verify", str(finished), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["passed"], result["revision"]) == (True, None)
    assert result["parity"]["flips"] == 0
    assert {check["name"] for check in result["checks"] if check["passed"]} >= {"answers", "card", "head"}


def test_a_failed_check_is_a_line_and_exit_code_7(changed: Path, in_process: None, capsys: pytest.CaptureFixture[str]):
    assert run(["verify", str(changed)]) == 7
    captured = capsys.readouterr()
    assert f"NOT verified: {changed / 'model'}" in captured.out
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert [line.split(": ")[2] for line in errors] == ["labels", "answers"]
    assert run(["verify", str(changed), "--json"]) == 7
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_a_model_folder_has_its_golden_rows_beside_it(
    finished: Path, in_process: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "model"
    shutil.copytree(finished / "model", folder)
    assert run(["verify", str(folder)]) == 0
    assert "not checked  answers    there are no golden rows" in capsys.readouterr().out
    shutil.copy(finished / "golden.json", folder)
    assert run(["verify", str(folder)]) == 0
    assert "ok           answers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["alice/model"], 5, "HF_HUB_OFFLINE is set"),
        (["no such folder"], 5, "neither a folder nor a repository's name"),
        (["RUN", "--revision", "main"], 2, "--revision: this is a folder"),
        (["RUN", "--trust"], 2, "--trust"),
    ],
)
def test_bad_input(arguments: list[str], code: int, words: str, finished: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["verify", *(str(finished) if part == "RUN" else part for part in arguments)]) == code
    errors = capsys.readouterr().err.splitlines()
    assert words in errors[-1]


def test_damaged_files_of_a_run(changed: Path, capsys: pytest.CaptureFixture[str]):
    (changed / "golden.json").write_text("{", encoding="utf-8")
    assert run(["verify", str(changed)]) == 7
    assert "golden.json: this file is damaged" in capsys.readouterr().err


def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """The endpoint and the environment's token reach the fresh process; exit code 5."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_planted")
    seen: dict[str, Any] = {}

    def run_it(request: str, _: Path, environment: dict[str, str], **__: Any) -> dict[str, Any]:
        seen.update(environment, request=json.loads(request))
        return {"hub": {"kinds": ["ConnectError"], "status": None, "message": "refused"}}

    monkeypatch.setattr(fresh_process, "_run", run_it)
    assert story.verify.__module__ == "toolkit.workflow.verify"
    assert run(["verify", "alice/model@v1", "--endpoint", "http://127.0.0.1:9/"]) == 5
    assert seen["request"]["repo"] == "alice/model"
    assert seen["request"]["revision"] == "v1"
    assert (seen["HF_ENDPOINT"], seen["HF_TOKEN"]) == ("http://127.0.0.1:9", "hf_planted")
    captured = capsys.readouterr()
    assert "the hub cannot be reached: refused" in captured.err
    assert "hf_planted" not in captured.out + captured.err
