"""`toolkit report` on the command line: what each option does, and what is refused before anything is written."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kept_runs import answers_of, classes, write_kept_run
from told_work import write_work

from toolkit.cli.main import run as command


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A work of three runs and its ledger, in the folder that commands run in."""
    folder = tmp_path_factory.mktemp("work")
    write_work(folder)
    shutil.copytree(folder / "runs" / "run-0", folder / "runs" / "copy")
    write_kept_run(folder / "runs" / "written", answers_of("written", 1), kind="written")
    texts = [f"row {row} of other data" for row in range(40)]
    write_kept_run(folder / "runs" / "other", classes([True] * 40, texts=texts))
    untested = write_kept_run(folder / "runs" / "untested", classes([True] * 40)) / "metrics.json"
    content = json.loads(untested.read_text(encoding="utf-8"))
    del content["splits"]["test"]
    untested.write_text(json.dumps(content), encoding="utf-8")
    (folder / "folder.html").mkdir()
    (folder / "runs" / "link.html").symlink_to(folder / "new.html")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def written(work: Path) -> set[str]:
    """What stands in the work but for what was there."""
    return {file.name for file in work.iterdir()} - {"runs", "folder.html"}


REFUSED = {
    "no such ledger": (["--ledger", "trials.jsonl"], 2, "there is no such ledger"),
    "a folder as ledger": (["--ledger", "runs"], 2, "this is a folder; write the ledger's file, such as runs/trials"),
    "no name of a ledger": (["--ledger", ""], 2, "this is a folder"),
    "another ending": (["--output", "page.txt"], 2, "allowed: .html, .htm"),
    "no ending": (["--output", "page"], 2, "allowed: .html, .htm"),
    "no name": (["--output", ""], 2, "allowed: .html, .htm"),
    "no name of slides": (["--slides", ""], 2, "allowed: .pptx, .html"),
    "old slides": (["--slides", "deck.ppt"], 2, "did you mean '.pptx'?"),
    "no such folder": (["--output", "no/page.html"], 4, "there is no folder 'no'"),
    "a folder": (["--output", "folder.html"], 4, "this is a folder"),
    "one file twice": (["--output", "new.html", "--slides", "./runs/../new.html"], 2, "cannot both be"),
    "one file by a link": (["--output", "new.html", "--slides", "runs/link.html"], 2, "cannot both be"),
    "another language": (["--language", "fr"], 2, "allowed: en, ko"),
    "no such run": (["runs/run-9"], 7, "did you mean 'runs/run-"),
    "no name of a run": ([""], 7, "a run is named by its folder"),
    "a file of a run": (["runs/run-0/metrics.json"], 7, "a run is named by its folder, 'runs/run-0'"),
    "the folder of runs": (["runs"], 7, "this folder is no run"),
    "a run twice": (["runs/run-0", "runs/../runs/run-0/"], 2, "this run is named twice"),
    "runs of two tasks": (["runs/run-0", "runs/written"], 2, "runs of different tasks cannot be compared"),
    "other test rows": (
        ["runs/run-0", "runs/other"],
        3,
        "the runs have 0 test rows in common, of runs/other 40, runs/run-0 120",
    ),
    "no test split": (["runs/run-0", "runs/untested"], 7, "damaged: splits has no test"),
    "a run and its copy": (["runs/run-0", "runs/copy"], 2, "this is a copy of runs/run-0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_one_line_and_leaves_nothing(work: Path, case: str, capsys: pytest.CaptureFixture[str]):
    arguments, code, told = REFUSED[case]
    ledger = ["--ledger", "runs/trials.jsonl"] if case in ("another language",) else []
    assert command(["report", *ledger, *arguments]) == code
    out, err = capsys.readouterr()
    assert out == ""
    (fault,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert told in fault
    assert written(work) == set()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a folder that root cannot write to")
@pytest.mark.parametrize("option", ["--output=/proc/page.html", "--slides=/proc/deck.pptx", "--slides=/proc/deck.html"])
def test_a_folder_that_cannot_be_written_to(work: Path, option: str, capsys: pytest.CaptureFixture[str]):
    assert command(["report", "runs/run-0", option]) == 4
    assert "cannot be written" in capsys.readouterr().err
    assert written(work) == set()


def test_named_runs_are_told_alone_and_with_a_ledger_beside_the_others(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    page = tmp_path / "page.HTM"
    page.write_text("what was there", encoding="utf-8")
    assert command(["report", "runs/run-0", "runs/run-1", "--output", str(page), "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert (alone["attempts"], list(alone["runs"].values())) == (2, ["runs/run-0", "runs/run-1"])
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    deck = tmp_path / "deck.PPTX"
    options = ["--ledger", "runs/trials.jsonl", "--slides", str(deck), "--language", "ko", "--json"]
    assert command(["report", "runs/run-0", *options]) == 0
    beside = json.loads(capsys.readouterr().out)
    assert (beside["attempts"], beside["page"], beside["slides"]) == (6, None, str(deck))
    assert beside["winner"]["standing"] == "alone"
    assert deck.read_bytes().startswith(b"PK")
    assert written(work) == set()
