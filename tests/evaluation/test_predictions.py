"""Predictions as rows and files, read back by other readers."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.errors import RecipeError
from toolkit.evaluation.inference.predictions import OUTPUT_SUFFIXES, Predictions, check_output_suffix

TEXTS = [
    "NA", "007", "", "None", "=1+1", 'say "hi", twice', "two\nlines", "old\rMac", "tab\tand\x00", " 한국어 ",
    "e\u0301", "\U0001f3f3\ufe0f\u200d\U0001f308",
]  # fmt: skip


def predictions_of(texts: list[str], *, ids: list[int | str] | None = None, labelled: bool = True) -> Predictions:
    generator = np.random.default_rng(len(texts))
    return Predictions(
        ids=list(range(len(texts))) if ids is None else ids,
        texts=texts,
        references=["neg"] * len(texts) if labelled else None,
        reference_labels=np.zeros(len(texts), dtype=np.int64) if labelled else None,
        labels=("neg", "pos"),
        probabilities=generator.dirichlet([1.0, 1.0], size=len(texts)).astype(np.float32),
    )


def read_back(path: Path) -> dict[str, list[object]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pydict()
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    else:
        rows = [json.loads(line) for line in path.read_bytes().decode("utf-8").split("\n")[:-1]]
    return {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.parametrize("suffix", OUTPUT_SUFFIXES)
@pytest.mark.parametrize("labelled", [True, False])
def test_files_hold_the_columns_in_order_and_the_same_text(tmp_path: Path, suffix: str, labelled: bool):
    predictions = predictions_of(TEXTS, labelled=labelled)
    path = tmp_path / f"out{suffix}"
    predictions.write(path, raw=True)
    found = read_back(path)
    assert list(found) == ["id", "text", *(["reference"] if labelled else []), "prediction", "probability"]
    assert found["text"] == TEXTS
    assert [int(number) for number in found["id"]] == list(range(len(TEXTS)))
    assert [float(value) for value in found["probability"]] == predictions.confidence.tolist()
    assert found["prediction"] == [row["prediction"] for row in predictions.rows()]
    assert list(tmp_path.iterdir()) == [path]


@settings(max_examples=40)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=6))
def test_any_text_survives_every_format(tmp_path_factory: pytest.TempPathFactory, texts: list[str]):
    for suffix in OUTPUT_SUFFIXES:
        path = tmp_path_factory.getbasetemp() / f"any{suffix}"
        predictions_of(texts).write(path, raw=True)
        assert read_back(path)["text"] == texts, suffix


FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1+1",
    "－a",
    "＠a",
    "-",
    "-3.5.1",
]
PLAIN = ["-3.5", "+7", "-1e-5", "-1,000.50", "-12%", "1=1", " =1", "'=1", "a", "", "007", "–5", "한글", "NA"]


@pytest.mark.parametrize("suffix", OUTPUT_SUFFIXES)
def test_only_csv_keeps_formulas_from_running_and_raw_leaves_them(tmp_path: Path, suffix: str):
    path = tmp_path / f"out{suffix}"
    predictions_of(FORMULAS + PLAIN).write(path)
    inert = [f"'{text}" for text in FORMULAS] if suffix == ".csv" else FORMULAS
    assert read_back(path)["text"] == inert + PLAIN
    predictions_of(FORMULAS + PLAIN).write(path, raw=True)
    assert read_back(path)["text"] == FORMULAS + PLAIN


def test_labels_and_ids_too(tmp_path: Path):
    Predictions(["=id"], ["a"], None, None, ("=neg", "@pos"), np.array([[0.25, 0.75]])).write(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1] == "'=id,a,'@pos,0.75"


def test_plain_csv_is_plain(tmp_path: Path):
    predictions = Predictions([3], ["good film"], None, None, ("neg", "pos"), np.array([[0.25, 0.75]]))
    predictions.write(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"id,text,prediction,probability\n3,good film,pos,0.75\n"


def test_parquet_types(tmp_path: Path):
    predictions_of(["a"], ids=[2**40]).write(tmp_path / "numbers.parquet")
    predictions_of(["a", "b"], ids=[7, "x-7"]).write(tmp_path / "mixed.parquet")
    predictions_of([]).write(tmp_path / "empty.parquet")
    numbers = pq.read_schema(tmp_path / "numbers.parquet")
    assert numbers.field("id").type == pa.int64()
    assert numbers.field("text").type == numbers.field("prediction").type == pa.string()
    assert pq.read_table(tmp_path / "mixed.parquet")["id"].to_pylist() == ["7", "x-7"]
    assert pq.read_schema(tmp_path / "empty.parquet") == numbers


@pytest.mark.parametrize("suffix", OUTPUT_SUFFIXES)
def test_the_same_predictions_give_the_same_bytes(tmp_path: Path, suffix: str):
    first, second = tmp_path / f"1{suffix}", tmp_path / f"2{suffix}"
    predictions_of(TEXTS).write(first)
    predictions_of(TEXTS).write(second)
    assert first.read_bytes() == second.read_bytes()


def test_predicted_and_confidence():
    probabilities = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])
    predictions = Predictions(["a", "b"], ["x", "y"], None, None, ("n", "p", "q"), probabilities)
    assert predictions.predicted.tolist() == [1, 0]
    assert predictions.confidence.tolist() == [0.5, 0.4]
    assert predictions.rows()[0] == {"id": "a", "text": "x", "prediction": "p", "probability": 0.5}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"texts": ["a"]}, "1 texts for 2 ids"),
        ({"references": ["neg"]}, "1 references for 2 ids"),
        ({"reference_labels": None}, "belong together"),
        ({"probabilities": np.ones((2, 3))}, r"shape \(2, 3\); expected \(2, 2\)"),
        ({"probabilities": np.array([[1.0, 0.0], [np.nan, 1.0]])}, "not finite"),
    ],
)
def test_refuses_what_does_not_fit(changes: dict[str, object], message: str):
    fields = {**vars(predictions_of(["a", "b"])), **changes}
    with pytest.raises(ValueError, match=message):
        Predictions(**fields)


def test_unknown_suffix_is_told_with_the_right_ones(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"'\.jsnl'.*did you mean '\.jsonl'.*\.csv, \.jsonl, \.parquet"):
        predictions_of(["a"]).write(tmp_path / "out.jsnl")
    with pytest.raises(RecipeError, match="without a suffix"):
        check_output_suffix("out")
    check_output_suffix("OUT.CSV")
    assert not list(tmp_path.iterdir())
