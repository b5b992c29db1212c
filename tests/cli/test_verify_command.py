"""`toolkit verify` as people type it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from huggingface_hub import constants
from loopback import LoopbackHub
from verified_models import labelled

from toolkit.cli.main import run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return labelled("bert", tmp_path_factory.mktemp("home") / "영화 평")


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


def test_json_is_one_object(finished: Path, quick_processes: None, capsys: pytest.CaptureFixture[str]):
    assert run(["verify", str(finished), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["passed"], result["revision"]) == (True, None)
    assert result["parity"]["flips"] == 0
    assert {check["name"] for check in result["checks"] if check["passed"]} >= {"answers", "card", "head"}


def test_a_failed_check_is_a_line_and_exit_code_7(
    changed: Path, quick_processes: None, capsys: pytest.CaptureFixture[str]
):
    assert run(["verify", str(changed)]) == 7
    captured = capsys.readouterr()
    assert f"NOT verified: {changed / 'model'}" in captured.out
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert [line.split(": ")[2] for line in errors] == ["labels", "answers"]
    assert run(["verify", str(changed), "--json"]) == 7
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_a_model_folder_has_its_golden_rows_beside_it(
    finished: Path, quick_processes: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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


def test_revision_endpoint_and_token_reach_the_hub(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """A private repository is there for those with a token alone, and lacks the revision; exit code 5."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with LoopbackHub() as hub:
        hub.add_repo("alice/model", private=True)
        monkeypatch.setenv("HF_TOKEN", hub.token)
        assert run(["verify", "alice/model@v1", "--endpoint", f"{hub.endpoint}/"]) == 5
    captured = capsys.readouterr()
    assert "the repository has no such revision" in captured.err
    assert [request.path for request in hub.requests] == ["/api/models/alice/model/revision/v1"]
    assert hub.token not in captured.out + captured.err
