"""The first hour at a terminal: fine-tune, Ctrl-C, the same command again, predict, the list of trials."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("termios", reason="terminals of Unix")

import yaml
from pseudo_terminal import Terminal

BAR = re.compile(r"[━╸╺]")
WHOLE_BAR = re.compile(r"[a-z ]+ [━╸╺]*[\d/:\- ]*(l|lo|los|loss ?[\d.]*)?(\^C)?")  # what was read may end within a word


@pytest.fixture
def recipe(tmp_path: Path, tiny_tree: dict[str, Any]) -> str:
    schedule = {"num_train_epochs": 80, "eval_strategy": "steps", "eval_steps": 60, "save_steps": 60}
    tree = tiny_tree | {"training": tiny_tree["training"] | schedule}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    return "mine.yaml"


def _is_training(lines: list[str]) -> bool:
    return any(line.startswith("training ━") for line in lines[-3:])


def test_the_first_hour(tmp_path: Path, recipe: str, processes: Any):
    terminal = Terminal(tmp_path)
    train = ["fine-tune", recipe, "--output-dir", "first"]
    assert terminal.run(processes, train, interrupt_when=_is_training) == 130
    assert any("stopping after this step and saving" in line for line in terminal.lines())
    assert terminal.lines()[-1] == "error: interrupted by SIGINT; the same command goes on where it was"
    assert terminal.run(processes, train) == 0, terminal.lines()[-20:]
    assert any(line.startswith("going on at step ") for line in terminal.lines())
    assert (
        terminal.run(processes, ["predict", "first", "a good film", "영화가 정말 좋았고 배우들의 연기도 " * 4]) == 0
    ), terminal.lines()[-20:]
    assert terminal.run(processes, ["trials", "list"]) == 0, terminal.lines()[-20:]

    for work in (b"training", b"validating", b"predicting"):
        assert re.search(work + rb"\W[^\n]*[0-9]+/", terminal.written), work
    for lines in terminal.snapshots:
        for line in lines:
            assert len(line) <= 80, line
            assert not BAR.search(line) or WHOLE_BAR.fullmatch(line), line
    assert not [line for line in terminal.lines() if BAR.search(line)]
    shown = "\n".join(terminal.lines())
    assert re.search(r"^step 60/240: validation ", shown, re.MULTILINE)
    assert re.search(r"interrupted \(130\) +mine", shown)
    assert re.search("(done|degenerate) +mine", shown)  # the tiny model may have learnt to say one class alone


@pytest.mark.parametrize(
    "variables", [{"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"}, {"LANG": "C"}], ids=str
)
def test_a_narrow_terminal_of_few_talents(variables: dict[str, str], tmp_path: Path, processes: Any):
    terminal = Terminal(tmp_path, columns=20, variables=variables)
    assert terminal.run(processes, ["recipes", "list"]) == 0, terminal.lines()[-20:]
    assert terminal.run(processes, []) == 0, terminal.lines()[-20:]
    assert max(map(len, terminal.lines())) <= 40  # a command to be copied is never broken
    assert not [line for line in terminal.lines() if len(line) > 20 and not line.startswith("  ")]
    assert b"\x1b" not in terminal.written


FIRST_WORDS = """
import importlib.abc, sys
from toolkit.cli.main import run
HEAVY = {"torch", "transformers", "datasets", "peft", "pyarrow"}

class Heavy(BaseException):
    pass

class Stop(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in HEAVY:
            sys.stderr.write("(here it would be imported)\\n")
            raise Heavy(name)

sys.meta_path.insert(0, Stop())
for line in sys.stdin.read().splitlines():
    sys.stderr.write(f"$ {line}\\n")
    run(line.split())
    assert HEAVY.isdisjoint(sys.modules)
"""
NEEDS_HEAVY = [
    "fine-tune movie-sentiment",
    "evaluate packaged:minilm --data rows.csv",
    "predict packaged:minilm text",
    "extract packaged:minilm --data rows.csv --output out.parquet",
    "zero-shot packaged:minilm text --labels a,b",
    "export run --format onnx --output-dir out",
    "push run you/it",
    "verify run",
    "doctor --data rows.csv",
]
NEEDS_NONE = {
    "fine-tune move-sentiment": "did you mean 'movie-sentiment'?",
    "recipes show move-sentiment": "did you mean 'movie-sentiment'?",
    "recipes list": "",
    "trials list": "",
    "evaluate packaged:minilm --data row.csv": "row.csv: no such file; did you mean 'rows.csv'?",
    "evaluate packaged:minilm --data rows.csv --label-column lable": "no column 'lable'; did you mean 'label'?",
    "predict packaged:minilm row.csv": "did you mean 'rows.csv'?",
    "extract packaged:minilm --data rows.csv --output out.parquet --text-column tex": "did you mean 'text'?",
    "zero-shot packaged:minilm row.csv --labels a,b": "did you mean 'rows.csv'?",
    "doctor --data rows.csv --text-column txet": "did you mean 'text'?",
    "choose --task text-classification --data row.csv": "did you mean 'rows.csv'?",
    "predict runs/quikstart a": "did you mean 'runs/quickstart'?",
    "verify runs/movie-sentiment-1234abcd": "this makes it: toolkit fine-tune movie-sentiment --output-dir runs/movie-",
    "push runs/quickstarts": "did you mean 'runs/quickstart'?",
    "export runs/quickstart runs/quickstar --format averaged --output-dir a": "runs/quickstar: there is no such folder",
    "train movie-sentiment": "'train' is no verb here; write: toolkit fine-tune movie-sentiment",
}


def _said(commands: list[str], folder: Path) -> dict[str, list[str]]:
    """What each command writes to stderr, until it would import a heavy library."""
    (folder / "runs" / "quickstart").mkdir(parents=True)
    (folder / "rows.csv").write_text("text,label\n" + "good,yes\nbad,no\n" * 4, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", FIRST_WORDS], input="\n".join(commands), capture_output=True, text=True, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    parts = done.stderr.removeprefix("$ ").split("\n$ ")
    return {command: lines for command, *lines in (part.strip().split("\n") for part in parts)}


def test_a_word_comes_before_any_heavy_library(tmp_path: Path):
    said = _said(NEEDS_HEAVY, tmp_path)
    assert list(said) == NEEDS_HEAVY
    for command, (first, second, *_) in said.items():
        assert re.fullmatch(r"loading \w+ …", first), command
        assert second == "(here it would be imported)"


def test_misspelt_names_need_no_heavy_library(tmp_path: Path):
    said = _said(list(NEEDS_NONE), tmp_path)
    assert said.keys() == NEEDS_NONE.keys()
    for command, words in NEEDS_NONE.items():
        assert len(said[command]) == (1 if words else 0), said[command]
        assert words in "".join(said[command])
