"""`predict` and `evaluate` on a finished run, as people type them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from toolkit.cli.main import run
from toolkit.recipe import build_recipe
from toolkit.tasks.room import TaskRoom
from toolkit.workflow.fine_tune import fine_tune

TEXTS = ["a moving film", "NA", "007", "None", 'says "no", twice', "두 줄\n짜리 글", "tab\there"]


@pytest.fixture(scope="module")
def finished(tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in a folder with a space, Hangul and an emoji; its data called the columns review and stars."""
    home = tmp_path_factory.mktemp("home")
    data = home / "reviews.csv"
    source = Path(tiny_tree["data"]["source"]).read_text(encoding="utf-8")
    data.write_text(source.replace("text,label", "review,stars", 1), encoding="utf-8")
    columns = {"text": "review", "label": "stars"}
    tree = tiny_tree | {"data": tiny_tree["data"] | {"source": str(data), "columns": columns}}
    tree["training"] = tree["training"] | {"num_train_epochs": 1}
    folder = home / "영화 평 😀"
    fine_tune(build_recipe(tree), name="tiny", output_dir=folder, ledger=home / "trials.jsonl")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def predicted(finished: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[dict[str, Any]]]:
    """Predicts with --json; gives the rows."""

    def predict(*arguments: str) -> list[dict[str, Any]]:
        assert run(["predict", str(finished), *arguments, "--json"]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        return json.loads(line)["predictions"]

    return predict


def _write(home: Path, name: str) -> str:
    path = home / name
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([["review"], *([text] for text in TEXTS)])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps({"review": text}) + "\n" for text in TEXTS), encoding="utf-8")
    elif path.suffix == ".json":
        path.write_text(json.dumps([{"review": text} for text in TEXTS], ensure_ascii=False), encoding="utf-8")
    else:
        pq.write_table(pa.table({"review": TEXTS}), path)
    return name


@pytest.mark.parametrize("name", ["data.csv", "data.jsonl", "data.json", "data.parquet", "데이터 😀.csv"])
def test_every_format_is_read_alike_with_the_columns_of_the_recipe(name: str, predicted, home: Path):
    rows = predicted(_write(home, name))
    assert [row["id"] for row in rows] == list(range(len(TEXTS)))
    assert [row["text"] for row in rows] == TEXTS
    for row, alone in zip(rows, predicted(*TEXTS), strict=True):
        assert row["prediction"] == alone["prediction"]
        assert row["probability"] == pytest.approx(alone["probability"], abs=1e-5)
        assert 0.5 <= row["probability"] <= 1


def test_text_column_outvotes_the_recipe(predicted, home: Path):
    (home / "data.csv").write_text("other,review\nright,wrong\n", encoding="utf-8")
    assert predicted("data.csv", "--text-column", "other")[0]["text"] == "right"


def test_lines_of_stdin_and_of_a_text_file_are_rows(predicted, home: Path, monkeypatch: pytest.MonkeyPatch):
    lines = "좋은 영화\nNA\n"
    (home / "lines.txt").write_bytes(lines.encode("cp949"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode("cp949"))))
    from_stdin = predicted("-")
    assert from_stdin == predicted("lines.txt", "--text-column", "text", "--encoding", "cp949")
    assert [row["text"] for row in from_stdin] == ["좋은 영화", "NA"]


def test_table_for_people_has_a_row_a_text(finished: Path, home: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["predict", str(finished), "one", "two\x1b[2J"]) == 0
    printed = capsys.readouterr()
    header, first, second = printed.out.splitlines()
    assert header.split() == ["id", "prediction", "probability", "text"]
    assert first.split()[0] == "0"
    assert second.endswith("two␛[2J")
    assert printed.err == ""


def test_output_that_cannot_be_is_refused_before_the_model_is_opened(
    finished: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(TaskRoom, "open", lambda *_: pytest.fail("the model was opened"))
    name = _write(home, "data.csv")
    content = (home / name).read_bytes()
    (home / "folder.csv").mkdir()
    (home / "link.csv").symlink_to(name)
    refused = {"x.xlsx": 2, "x": 2, name: 2, f"./{name}": 2, "link.csv": 2, "folder.csv": 4, "no/x.csv": 4}
    for output, code in refused.items():
        for verb in (["predict", str(finished), name], ["evaluate", str(finished), "--data", name]):
            assert run([*verb, "--output", output]) == code, output
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith("error: ")
            assert Path(output).name in line
    assert (home / name).read_bytes() == content
    assert sorted(path.name for path in home.iterdir()) == ["data.csv", "folder.csv", "link.csv"]


def test_written_predictions_are_those_that_are_shown(finished: Path, predicted, home: Path, capsys):
    name = _write(home, "data.csv")
    expected = predicted(name)
    for suffix in (".csv", ".jsonl", ".parquet"):
        assert run(["predict", str(finished), name, "--output", f"out{suffix}"]) == 0
        assert capsys.readouterr().out == f"{len(TEXTS)} predictions written to out{suffix}\n"
    with (home / "out.csv").open(encoding="utf-8", newline="") as stream:
        from_csv = [
            row | {"id": int(row["id"]), "probability": float(row["probability"])} for row in csv.DictReader(stream)
        ]
    from_jsonl = [json.loads(line) for line in (home / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert from_csv == from_jsonl == pq.read_table(home / "out.parquet").to_pylist() == expected


def test_evaluate_has_the_shape_of_metrics(finished: Path, home: Path, capsys: pytest.CaptureFixture[str]):
    (home / "new.csv").write_text("review,stars\nfine,positive\ndull,negative\nodd,mixed\n", encoding="utf-8")
    assert run(["evaluate", str(finished), "--data", "new.csv", "--json"]) == 0
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    result, written = json.loads(line), json.loads((finished / "metrics.json").read_text(encoding="utf-8"))
    assert result["splits"]["test"]["rows"] == 3
    assert result["splits"]["test"]["metrics"].keys() == written["splits"]["test"]["metrics"].keys()
    assert {"schema", "task", "family", "labels"} <= result.keys() & written.keys()
    assert "1 of 3 rows have a label that the training data does not have ('mixed')" in printed.err


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("review,stars\nfine,1\ndull,0\n", [], "new.csv: the labels ('0', '1') are none of the model's"),
        ("review,stars\nfine,positive\ndull,\n", [], "new.csv: no label in 1 row (line 3)"),
        ("review,star\nfine,positive\n", [], "did you mean 'star'?"),
        ("review,mark\nfine,positive\n", [], "or --label-column"),
        ("review,stars\nfine,positive\n", ["--label-column", "mark"], "no column 'mark'"),
        ("review,stars\ncaf\ufffd,positive\n", ["--encoding", "ascii"], "are not ascii"),
        ("", [], "new.csv: the file is empty"),
    ],
)
def test_data_that_cannot_be_evaluated_is_refused(content: str, options: list[str], words: str, finished, home, capsys):
    (home / "new.csv").write_text(content, encoding="utf-8")
    assert run(["evaluate", str(finished), "--data", "new.csv", *options, "--json"]) == 3
    printed = capsys.readouterr()
    assert words in printed.err
    assert words in "{where}: {message}".format(**json.loads(printed.out)["error"])
    assert [path.name for path in home.iterdir()] == ["new.csv"]


def test_unfinished_run_says_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]):
    (home / "run.unfinished").mkdir()
    assert run(["predict", "run", "a text"]) == 4
    assert "the command that started it goes on with it" in capsys.readouterr().err


def test_refused_output_folder_is_no_trial(tiny_tree: dict[str, Any], home: Path, capsys: pytest.CaptureFixture[str]):
    (home / "recipe.yaml").write_text(yaml.safe_dump(tiny_tree), encoding="utf-8")
    (home / "thesis").mkdir()
    (home / "thesis" / "chapter.txt").write_text("mine", encoding="utf-8")
    for output in ("thesis", "recipe.yaml", "recipe.yaml/run"):
        assert run(["fine-tune", "recipe.yaml", "--output-dir", output]) == 4
    assert "another --output-dir" in capsys.readouterr().err
    assert sorted(path.name for path in home.rglob("*")) == ["chapter.txt", "recipe.yaml", "thesis"]
