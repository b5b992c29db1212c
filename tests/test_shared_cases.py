"""The cases of public bug reports beside this repository: the commands of each, and what a user may expect of them.

A case is a folder with rows, a recipe, ``cmd`` and ``expect.md``. ``cmd`` has lines of a shell; those that begin with
``t`` are command lines of the toolkit. ``expect.md`` is prose, which the table below turns into exit codes, words and
numbers. The commands run in this process, in a copy of the folder. Case 32 trains our own Transformer for 4 steps
instead of 40: it is about the size of a vocabulary, and about equal answers alone and in a batch.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.main import run as command

CASES = Path(__file__).parents[2] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not at hand")

TOPICS = ("billing", "delivery", "technical")
Holds = Callable[[Path], bool]
Step = tuple[int, tuple[str, ...], Holds | None]


def told(code: int, *words: str, holds: Holds | None = None) -> Step:
    """The exit code of a command, patterns of what it writes, and what has to be true of the folder afterwards."""
    return code, words, holds


def doctor(*labels: str, n: int, words: tuple[str, ...] = ()) -> Step:
    """`doctor` reads so many rows and lists exactly these classes."""
    listed = rf"classes: {len(labels)} \(" + "".join(rf"(?=[^)]*\b{re.escape(label)} \d)" for label in labels)
    return told(0, rf"(?m)^{n} rows, 0 without text", listed, *words)


def learnt(run: str, *labels: str, n: int, words: tuple[str, ...] = (), above_chance: bool = True) -> Step:
    """A run has learnt these labels from all rows, and answers better than by chance."""

    def holds(folder: Path) -> bool:
        result = json.loads((folder / run / "metrics.json").read_text(encoding="utf-8"))
        value = next(iter(result["splits"]["test"]["metrics"].values()))["value"]
        rows = sum(split["rows"] for split in result["splits"].values())
        return (sorted(result["labels"]), rows) == (sorted(labels), n) and (value > 0.7 or not above_chance)

    return told(0, *words, holds=holds)


def answers(file: str, n: int, *labels: str) -> Holds:
    """A csv has so many predictions, of these labels only."""

    def holds(folder: Path) -> bool:
        with (folder / file).open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        return len(rows) == n and {row["prediction"] for row in rows} <= set(labels)

    return holds


def same_alone(run: str, questions: str, batch: str) -> Holds:
    """What a model writes for a prompt alone is what it writes for it among others."""

    def holds(folder: Path) -> bool:
        prompts = (folder / questions).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in (folder / batch).read_text(encoding="utf-8").splitlines()]
        for prompt, row in zip(prompts, rows, strict=True):
            alone = folder / f"alone-{row['id']}.jsonl"
            assert command(["predict", str(folder / run), prompt, "--output", str(alone)]) == 0
            assert json.loads(alone.read_text(encoding="utf-8"))["prediction"] == row["prediction"], prompt
        return True

    return holds


def nothing_learnt(*runs: str) -> Holds:
    """No such run is there, nor the trial of one."""
    return lambda folder: not any((folder / name).exists() for name in (*runs, "led.jsonl"))


VECTORS = told(
    3,
    r"(?m)^error: [\w.]+: the labels are vectors of 0 and 1, which name nothing, in 60 rows .*; write data\.labels: \[",
    holds=nothing_learnt("out", "out2", "out3", "out4"),
)
NO_HEAD = told(2, "has no trained head for text-classification .*fine-tune it first")
LFS = "is a Git LFS pointer.*git lfs pull"
HARDLY_LABELS = r"60 rows have 60 different labels: this is hardly a\s+column\s+of\s+labels"

EXPECTED: dict[str, list[Step]] = {
    "01": [
        doctor(*TOPICS, n=60, words=("separated by semicolons",)),
        learnt("out", *TOPICS, n=60, words=("separated by semicolons",)),
        learnt("out2", *TOPICS, n=60),
    ],
    "02": [
        doctor("긍정", "부정", n=40, words=("utf-16",)),
        doctor("긍정", "부정", n=40, words=("separated by tabs",)),
        learnt("out", "긍정", "부정", n=40, words=("separated by tabs",), above_chance=False),
        learnt("out2", "긍정", "부정", n=40, above_chance=False),
    ],
    "04": [
        doctor("pos", "neg", n=48),
        learnt("out", "pos", "neg", n=48),
        learnt("out", "pos", "neg", n=48, words=("this run is finished",)),
        told(0, "48 rows of rows.csv", "accuracy  1.000"),
    ],
    "05": [
        learnt("out", *TOPICS, n=48, words=("2 columns without name and content left out",)),
        learnt("out2", *TOPICS, n=48, words=("3 rows without content left out",)),
        doctor(*TOPICS, n=48, words=("3 rows without content left out",)),
    ],
    "07": [
        doctor(*TOPICS, n=48, words=(r"columns: \{text: '0', label: '1'\}",)),
        learnt("out", *TOPICS, n=48),
        learnt("out", *TOPICS, n=48, words=("this run is finished",)),
        told(0, "48 predictions", holds=answers("answers.csv", 48, *TOPICS)),
    ],
    "08": [
        learnt("out", "0", "1", n=60),
        told(0, "20 rows of test.csv", "accuracy  1.000"),
        told(0, "20 rows of mixed.csv", "accuracy  1.000"),
        learnt("out2", "0", "1", n=60),
        doctor("0", "1", n=20),
    ],
    "10": [
        doctor(*TOPICS, n=48, words=("2 rows without a label; training refuses them",)),
        told(3, r"(?m)^error: rows\.jsonl: no label in 2 rows \(lines 6, 12\); write", holds=nothing_learnt("out")),
        NO_HEAD,
        told(0, r"texts\.jsonl: blank text, predicted all the same, in 1 row \(line 2\)"),
    ],
    "12": [VECTORS] * 5,
    "14": [
        learnt("out", "toxic", "insult", "threat", n=60),
        told(
            3,
            r"column 'toxic' holds 0 and 1, which name nothing; write data\.columns\.labels: \[toxic, insult, threat\]",
            holds=lambda folder: not (folder / "out2").exists(),
        ),
        told(2, r"columns are a list; write data\.columns\.labels: \[toxic, insult\]"),
    ],
    "17": [
        told(7, LFS),
        told(7, LFS, holds=lambda folder: not (folder / "out").exists()),
        told(3, r"pointer\.csv: .*" + LFS),
        told(3, r"pointer\.parquet: .*" + LFS),
        told(3, r"renamed\.csv: this is an Excel workbook.*name it \.xlsx"),
        told(3, r"book\.xlsx: not a readable Excel workbook"),
    ],
    "31": [
        doctor(*TOPICS, n=36),
        doctor(*TOPICS, n=36),
        doctor(*TOPICS, n=36),
        told(3, r"(?m)^error: chat\.jsonl: no column 'text'; columns: messages"),
        doctor(*TOPICS, n=4, words=("read as JSON, which its lines are",)),
        learnt("out", *TOPICS, n=36),
        NO_HEAD,
        told(0, "number 275"),
    ],
    "32": [
        told(0, r"the texts gave \d+ tokens, fewer than the 8,000 of tokenizer\.vocab_size"),
        told(0, holds=same_alone("lm", "prompts.txt", "batch.jsonl")),
        told(0, r"the texts gave \d+ tokens, fewer than the 2,000 of tokenizer\.vocab_size"),
        told(0, holds=same_alone("chat", "questions.txt", "chatbatch.jsonl")),
        told(2, r"280 tokens are too few: .* need at least 331; choose a larger vocab_size"),
        told(0, r"the texts gave \d+ tokens, fewer than the 8,000 of tokenizer\.vocab_size"),
    ],
    "34": [
        told(0, HARDLY_LABELS),
        told(3, HARDLY_LABELS + ".*name another", holds=nothing_learnt("out")),
        told(3, HARDLY_LABELS + ".*name another", holds=nothing_learnt("ch")),
    ],
    "36": [
        doctor(*TOPICS, n=48),
        doctor(*TOPICS, n=48),
        doctor(*TOPICS, n=48),
        told(0, *(f"(?m)^{row} .*, number \\d+$" for row in range(5))),  # five lines, each a row
        NO_HEAD,
        learnt("out", *TOPICS, n=48),
    ],
    "38": [
        told(
            2, r"(?m)^error: double\.yaml:5:16: a backslash in double quotes .* write a path with / or in single quotes"
        ),
        told(3, r"(?m)^error: C:\\Users\\min\\reviews\.csv: no such file; backslashes .* write the path with /$"),
        told(5, r"(?m)^error: \.\\models\\minilm: backslashes separate folders on Windows only"),
        told(5, r"(?m)^error: C:\\models\\mine: backslashes separate folders on Windows only"),
    ],
    "41": [
        learnt("out", "same", "other", n=48, above_chance=False),
        told(2, "this model reads pairs of texts; give a file with the columns 'a' and 'b'"),
        told(3, r"(?m)^error: missing\.csv: no column 'b'"),
        told(0, r"blank text, predicted all the same, in 2 rows \(lines 2, 3\)"),
        told(3, r"(?m)^error: missing\.csv: no column 'b'"),
        told(0, "48 predictions"),
    ],
}
"""Of each folder its commands in their order."""

SHORTER = {"32": ["training.max_steps=4"]}
"""Overrides that keep the trainings of a case short."""


def lines_of(case: str) -> list[list[str]]:
    """Return the command lines of a case as lists of arguments."""
    text = (CASES / case / "cmd").read_text(encoding="utf-8")
    lines = [shlex.split(line) for line in text.splitlines() if line.startswith("t ")]
    return [line[1 : line.index("||") if "||" in line else None] for line in lines]


def test_every_folder_has_its_expectations():
    assert {path.parent.name for path in CASES.glob("*/cmd")} == set(EXPECTED)


@pytest.mark.parametrize("case", EXPECTED)
def test_a_user_gets_what_he_may_expect(case: str, tmp_path: Path, monkeypatch: Any, capsys: Any):
    folder = Path(shutil.copytree(CASES / case, tmp_path / case))
    monkeypatch.chdir(folder)
    for arguments, (code, words, holds) in zip(lines_of(case), EXPECTED[case], strict=True):
        more = SHORTER.get(case, []) if arguments[0] == "fine-tune" else []
        ended = command([*arguments, *more])
        printed = capsys.readouterr()
        said = printed.out + printed.err
        assert ended == code, (arguments, said)
        for pattern in words:
            assert re.search(pattern, said), (arguments, pattern, said)
        assert holds is None or holds(folder), (arguments, said)
        assert "Traceback" not in said
        assert (code == 0) == (not any(line.startswith("error: ") for line in printed.err.splitlines())), said
