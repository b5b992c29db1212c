"""`zero-shot` as people type it."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from toolkit.cli import zero_shot
from toolkit.cli.main import run
from toolkit.evaluation.zero_shot import question

MODEL = "packaged:minilm"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def answered(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """Asks with --json; gives the rows."""

    def ask(*arguments: str) -> list[dict[str, Any]]:
        assert run(["zero-shot", MODEL, *arguments, "--json"]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        return json.loads(line)["predictions"]

    return ask


def test_texts_get_a_probability_for_each_label(answered):
    rows = answered("the striker scored twice", "the court rejected it", "--labels", "law, sports ,축구")
    assert list(rows[0]) == [
        *("id", "text", "prediction", "probability", "probability:law", "probability:sports", "probability:축구")
    ]
    assert [row["prediction"] for row in rows] == ["sports", "law"]
    for row in rows:
        of_labels = [row[f"probability:{label}"] for label in ("law", "sports", "축구")]
        assert sum(of_labels) == pytest.approx(1)
        assert row["probability"] == pytest.approx(max(of_labels))


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_output_has_the_same_columns_in_every_format(home: Path, name: str, capsys: pytest.CaptureFixture[str]):
    (home / "data.csv").write_text('id,review\n7,"a goal, late"\n8,NA\n', encoding="utf-8")
    command = ["zero-shot", MODEL, "data.csv", "--labels", "law,sports", "--text-column", "review", "--output", name]
    assert run(command) == 0
    assert capsys.readouterr().out == f"2 predictions written to {name}\n"
    if name.endswith(".csv"):
        rows: list[dict[str, Any]] = list(csv.DictReader((home / name).open(encoding="utf-8", newline="")))
    elif name.endswith(".jsonl"):
        rows = [json.loads(line) for line in (home / name).read_text(encoding="utf-8").splitlines()]
    else:
        rows = pq.read_table(home / name).to_pylist()
        assert isinstance(rows[0]["probability:law"], float)
    assert [(int(row["id"]), row["text"]) for row in rows] == [(7, "a goal, late"), (8, "NA")]
    assert [float(row["probability:law"]) + float(row["probability:sports"]) for row in rows] == pytest.approx([1, 1])


def test_lines_of_stdin_a_template_and_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("한 골\nno goal\n".encode())))
    command = ["zero-shot", MODEL, "-", "--labels", "law,sports", "--template", "about {label}", "--language", "ko"]
    assert run(command) == 0
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["id", "prediction", "probability", "text"]
    assert first.endswith("한 골")
    assert second.split()[0] == "1"


REFUSED = {
    "empty label": (["a text", "--labels", "a,,b"], 2, "--labels: label 2 of 3 is empty"),
    "repeated label": (["a text", "--labels", "a,b, a"], 2, "--labels: named more than once: 'a'"),
    "one label": (["a text", "--labels", "a"], 2, "--labels: there is one label ('a')"),
    "no labels": (["a text"], 2, "name the labels to choose from"),
    "alike": (["a text", "--labels", "Law,law"], 2, "'Law', 'law' are the same tokens"),
    "no label gap": (["a text", "--labels", "a,b", "--template", "{text} it is"], 2, "lacks {label}"),
    "misspelt gap": (["a text", "--labels", "a,b", "--template", "{label} {txt}"], 2, "unknown gap {txt}"),
    "family": (["a text", "--labels", "a,b", "--scorer", "likelihood"], 2, "decoder, encoder-decoder, and this model"),
    "calibration": (["a text", "--labels", "a,b", "--calibration", "batch"], 2, "is for the scorer likelihood"),
    "no head": (["a text", "--labels", "a,b", "--scorer", "entailment"], 2, "natural language inference"),
    "scorer": (["a text", "--labels", "a,b", "--scorer", "guess"], 2, "'guess' is not one of"),
    "missing file": (["missing.csv", "--labels", "a,b"], 3, "missing.csv"),
    "column": (["data.csv", "--labels", "a,b", "--text-column", "txt"], 3, "no column 'txt'"),
    "pair column": (["data.csv", "--labels", "a,b", "--text-pair-column", "second"], 3, "no column 'second'"),
    "pairs": (["data.csv", "--labels", "a,b", "--text-pair-column", "other"], 2, "reads single texts"),
    "output": (["a text", "--labels", "a,b", "--output", "x.xlsx"], 2, "the format '.xlsx' cannot be written"),
    "over the data": (["data.csv", "--labels", "a,b", "--output", "data.csv"], 2, "replace the file that is read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line_before_the_weights_are_opened(
    case: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("open_body", "open_for_scoring"):
        monkeypatch.setattr(question, name, lambda *_, **__: pytest.fail("the weights were opened"))
    (home / "data.csv").write_text("text,other\none,two\n", encoding="utf-8")
    arguments, code, words = REFUSED[case]
    assert run(["zero-shot", MODEL, *arguments]) == code
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert printed.out == ""


def test_help_has_an_example_that_can_be_copied():
    app = typer.Typer()
    app.command("zero-shot", epilog=zero_shot.EXAMPLE)(zero_shot.zero_shot)
    assert "toolkit zero-shot packaged:smollm2" in CliRunner().invoke(app, ["--help"]).output
