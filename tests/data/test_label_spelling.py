"""One spelling of a class name in every format, and several labels in every spelling of a cell."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest
from examined import examine_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.data.labels import label_kind
from toolkit.data.labels.class_sets import ClassSet
from toolkit.data.labels.name_lists import vector_in
from toolkit.data.labels.spelling import alike, class_name, spelling_key
from toolkit.data.normalise import names_of
from toolkit.data.prepare import prepare_classification
from toolkit.data.rows import prepare_rows
from toolkit.errors import DataError
from toolkit.names import Problem

SETS = Problem.MULTI_LABEL


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("1.0", "1"), ("-0.0", "0"), ("10.000", "10"), ("１", "1"), ("１．０", "1"), ("００７", "007"), (" 2.0\t", "2"),
        ("True", "true"), ("TRUE", "true"), ("False", "false"), ("\u1112\u1161\u11ab", "한"), ("\u3000네 ", "네"),
    ],
)  # fmt: skip
def test_one_spelling(cell: str, name: str):
    assert class_name(cell) == name


@pytest.mark.parametrize("word", ["007", "1.10", "1.", "v1.0", "1e5", "NA", "None", "null", "nan", "tRue", "Ａ", "yes"])
def test_words_stay_as_they_are(word: str):
    assert class_name(word) == word


@given(st.text(max_size=12))
def test_a_name_has_a_spelling_of_its_own(cell: str):
    assert class_name(class_name(cell)) == class_name(cell)
    assert spelling_key(spelling_key(cell)) == spelling_key(cell)
    word = cell.upper().strip()
    if word.isascii() and word.isalpha() and word not in ("TRUE", "FALSE"):
        assert class_name(word) == word


def test_names_that_look_alike():
    counts = {
        "Yes": 3,
        "yes": 9,
        "ｙｅｓ": 1,
        "no": 4,
        "very  good": 2,
        "Very\u00a0good": 2,
        "0.50": 1,
        "0.5": 2,
        "05": 1,
    }
    assert alike(counts) == [["yes", "Yes", "ｙｅｓ"], ["0.5", "0.50"], ["Very\u00a0good", "very  good"]]


# Every writer of a table, and the values of a column of labels that it may hold.

VALUES: dict[str, tuple[Any, ...]] = {
    "whole": (0, 1, 2),
    "floats": (0.0, 1.0, 2.0),
    "truth": (True, False),
    "words": ("긍정", "부정", "NA", "None", "007"),
    "padded": (" b ", "a", "c\t"),
    "decomposed": (unicodedata.normalize("NFD", "긍정"), unicodedata.normalize("NFD", "é"), "e"),
}


def _json_lines(columns: dict[str, list[Any]], path: Path) -> None:
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _csv(columns: dict[str, list[Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([list(columns), *zip(*columns.values(), strict=True)])


WRITERS: dict[str, Callable[[dict[str, list[Any]], Path], Any]] = {
    "csv.csv": _csv,
    "json.jsonl": _json_lines,
    "json.json": lambda columns, path: path.write_text(pandas.DataFrame(columns).to_json(orient="records"), "utf-8"),
    "pandas.csv": lambda columns, path: pandas.DataFrame(columns).to_csv(path, index=False),
    "pandas.parquet": lambda columns, path: pandas.DataFrame(columns).to_parquet(path),
    "polars.csv": lambda columns, path: polars.DataFrame(columns).write_csv(path),
    "polars.jsonl": lambda columns, path: polars.DataFrame(columns).write_ndjson(path),
    "polars.parquet": lambda columns, path: polars.DataFrame(columns).write_parquet(path),
    "pyarrow.parquet": lambda columns, path: pyarrow.parquet.write_table(pyarrow.table(columns), path),
    "pyarrow.feather": lambda columns, path: pyarrow.feather.write_feather(pyarrow.table(columns), str(path)),
}


def _expected(value: Any) -> str:
    """The name of a value, written by hand."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else str(int(value))


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_every_writer_gives_the_same_labels(kind: str, tmp_path: Path):
    _writers_agree([*VALUES[kind], *reversed(VALUES[kind])], tmp_path)


@pytest.mark.soak
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), kind=st.sampled_from(sorted(VALUES)))
def test_every_writer_gives_the_same_labels_of_some_values(data: st.DataObject, kind: str, tmp_path: Path):
    _writers_agree(data.draw(st.lists(st.sampled_from(VALUES[kind]), min_size=2, max_size=8)), tmp_path)


def _writers_agree(labels: list[Any], folder: Path) -> None:
    columns = {"text": [f"text {i}" for i in range(len(labels))], "label": labels}
    for name, write in WRITERS.items():
        path = folder / name
        write(columns, path)
        read = prepare_rows(str(path), require_label=True)
        assert (name, read["reference"][:]) == (name, [_expected(label) for label in labels])


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_missing_values_are_missing_in_every_format(tmp_path: Path, name: str):
    path = tmp_path / name
    missing = float("nan") if name.startswith(("pandas", "json.jsonl")) else None
    texts: list[Any] = ["a", None if missing is None else missing, "c", "d"]
    WRITERS[name]({"text": texts, "label": [1.0, 0.0, missing, 1.0]}, path)
    with pytest.raises(DataError, match=r"no label in 1 row \(line \d\)"):
        prepare_rows(str(path), require_label=True)
    rows = prepare_rows(str(path))
    assert rows["text"][:] == ["a", "", "c", "d"]
    assert rows["reference"][:] == ["1", "0", None, "1"]


# Several labels in a cell.

LISTS = (["billing", "late"], ["billing"], [], ["it's", 'say "no"'], ["배송", "결제"], ["a, b", "c"])
SPELLINGS: dict[str, Callable[[list[str]], str]] = {
    "json": json.dumps,
    "json in utf-8": lambda names: json.dumps(names, ensure_ascii=False),
    "list": str,
    "tuple": lambda names: str(tuple(names)),
    "set": lambda names: str(set(names)),
    "frozenset": lambda names: str(frozenset(names)),
    "array": lambda names: str(np.array(names, dtype=object)),
    "repr of an array": lambda names: repr(np.array(names, dtype=object)),
    "scalars": lambda names: str([np.str_(name) for name in names]),
    "JSON object": lambda names: json.dumps({"other": 0} | dict.fromkeys(names, 1)),
    "dict": lambda names: str({"other": False} | dict.fromkeys(names, True)),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("names", LISTS)
def test_names_in_every_spelling_of_a_list(spelling: str, names: list[str]):
    assert names_of(ClassSet(separator=";").clean(SPELLINGS[spelling](names))) == sorted(names)


@given(st.lists(st.text(min_size=1, max_size=6), max_size=4), st.sampled_from(sorted(SPELLINGS)))
def test_any_names_in_any_spelling(names: list[str], spelling: str):
    cleaned = sorted({class_name(name) for name in names} - {""})
    if spelling in ("array", "repr of an array") or any(name.replace(".", "").isdigit() for name in cleaned):
        return  # a number with a fraction is no name, and NumPy breaks lines
    assert names_of(ClassSet(separator=";").clean(SPELLINGS[spelling](names))) == cleaned


@pytest.mark.parametrize(
    "cell",
    ["[0, 1, 0]", "[0.0, 1.0, 0.0]", '["0", "1", "0"]', "(0, 1, 0)", "[0. 1. 0.]", "0 1 0", "0,1,0",
     "[False, True, False]", "array([0, 1, 0])", "tensor([0., 1., 0.])", "0;1;0"],
)  # fmt: skip
def test_vectors_in_every_spelling(write, section, cell: str):
    assert vector_in(cell) == [0, 1, 0]
    other = cell.translate(str.maketrans("01", "10")) if "T" not in cell else "[True, False, True]"
    other = other.replace(".1", ".0")
    lines = [json.dumps({"text": f"t{i}", "labels": other if i % 2 else cell}) for i in range(20)]
    source = write("a.jsonl", "\n".join(lines))
    data = prepare_classification(section(source=source, labels=["x", "y", "z"]), problem=SETS)
    assert data.labels == ("x", "y", "z")
    expected = {i: ["x", "z"] if i % 2 else ["y"] for i in range(20)}
    assert {row["id"]: row["label_names"] for row in data.train} == {row: expected[row] for row in data.train["id"]}
    with pytest.raises(DataError, match=r"vectors of 0 and 1, which name nothing, in 20 rows .*data.labels: \[first"):
        prepare_classification(section(source=source), problem=SETS)
    with pytest.raises(DataError, match="not of 2 places in 20 rows"):
        prepare_classification(section(source=source, labels=["x", "y"]), problem=SETS)
    # A model's outputs are the places.
    rows = prepare_rows(source, require_label=True, kind=label_kind(SETS).known(("x", "y", "z")))
    assert rows["label_names"][:2] == [["y"], ["x", "z"]]


@pytest.mark.parametrize("kind", ["float32", "float64", "int8", "bool_"])
def test_vectors_in_parquet(tmp_path: Path, section, kind: str):
    vectors = [[1, 0], [0, 1], [1, 1], [0, 0]] * 5
    column = pyarrow.array(np.array(vectors, dtype=kind).tolist(), pyarrow.list_(getattr(pyarrow, kind)()))
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": [f"t{i}" for i in range(20)], "labels": column}), path)
    data = prepare_classification(section(source=str(path), labels=["x", "y"]), problem=SETS)
    assert {row["id"]: row["label"] for row in data.test} == {i: vectors[i] for i in data.test["id"]}


def test_rows_that_are_no_vectors_are_named(write, section):
    rows = [[0, 1, 0], [1, 1], "toxic", [1, 0, 0], []] * 4
    source = write("a.jsonl", "\n".join(json.dumps({"text": "t", "labels": row}) for row in rows))
    with pytest.raises(DataError, match=r"not of 3 places in 1\d rows \(lines 2, 3"):
        prepare_classification(section(source=source, labels=["x", "y", "z"]), problem=SETS)


def test_a_column_for_each_label(write, section):
    flags = [("1", "0"), ("0.0", "1"), ("TRUE", "false"), ("0", "0")]
    rows = "".join(f"t{i},{','.join(flags[i % 4])}\n" for i in range(40))
    source = write("a.csv", "text,toxic,insult\n" + rows)
    data = prepare_classification(section(source=source, columns={"labels": ["toxic", "insult"]}), problem=SETS)
    assert data.labels == ("toxic", "insult")
    expected = [["toxic"], ["insult"], ["toxic"], []]
    assert all(row["label_names"] == expected[row["id"] % 4] for row in data.train)
    # Without the columns there is nothing to measure, but all to predict.
    texts = prepare_rows(write("b.csv", "text\nx\n"), columns={"labels": ["toxic", "insult"]}, kind=label_kind(SETS))
    assert texts.column_names == ["id", "text"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,toxic\na,1\nb,0\n", "no column 'insult'; columns: text, toxic"),
        ("text,toxic,insult\na,1,0\nb,,1\n", r"column 'toxic' is neither 0 nor 1 in 1 row \(line 3\)"),
        ("text,toxic,insult\na,1,0\nb,1,maybe\n", r"column 'insult' is neither 0 nor 1 in 1 row \(line 3\)"),
    ],
)
def test_columns_that_are_not_there_or_hold_something_else(write, section, content: str, message: str):
    with pytest.raises(DataError, match=message):
        prepare_classification(
            section(source=write("a.csv", content), columns={"labels": ["toxic", "insult"]}), problem=SETS
        )


# Between splits.


def _rows(*labels: str, n: int = 20) -> str:
    return "text,label\n" + "".join(f"text {i},{labels[i % len(labels)]}\n" for i in range(n))


def test_the_same_names_in_other_splits(write, section):
    train, test = write("train.csv", _rows("1.0", "0.0")), write("test.csv", _rows("0", "１"))
    data = prepare_classification(section(train=train, test=test, validation_size=2))
    assert (data.labels, data.warnings[:1]) == (("0", "1"), data.warnings[:1])
    assert sorted(data.test["label"]) == [0] * 10 + [1] * 10


def test_looks_are_told_and_merged_when_asked(write, section):
    source = write("a.csv", _rows("Yes", "no", "yes", "yes", "NO", "no", n=60))
    data = prepare_classification(section(source=source))
    assert data.labels == ("NO", "Yes", "no", "yes")
    told = "labels that differ in case, white space or width only: 'no' (20 rows) and 'NO' (10); 'yes' (20 rows)"
    assert [line for line in data.warnings if line.startswith(told)]
    assert [line for line in examine_file(source).warnings if line.startswith(told)]
    merged = prepare_classification(section(source=source, merge_labels=True))
    assert merged.labels == ("no", "yes")
    assert not [line for line in merged.warnings if "differ" in line]
    # A model's spelling is kept, its own names included.
    rows = prepare_rows(
        source, require_label=True, kind=label_kind(Problem.SINGLE_LABEL).known(("YES", "no"), merge=True)
    )
    assert set(rows["reference"]) == {"YES", "no"}
    old = prepare_rows(write("b.csv", _rows("1", "0.0")), kind=label_kind(Problem.SINGLE_LABEL).known(("0.0", "1.0")))
    assert set(old["reference"]) == {"0.0", "1.0"}


def test_splits_without_a_common_label_are_refused_with_both_lists(write, section):
    train, test = write("train.csv", _rows("good", "bad")), write("test.csv", _rows("1", "0"))
    with pytest.raises(
        DataError, match=r"test: the labels \('0', '1'\) are none of those of training \('bad', 'good'\)"
    ):
        prepare_classification(section(train=train, test=test))
    almost = write("almost.csv", _rows(*["x"] * 39, "good", n=40))
    with pytest.raises(DataError, match="are hardly any of those of training"):
        prepare_classification(section(train=train, test=almost))
    half = write("half.csv", _rows("x", "good"))
    assert len(prepare_classification(section(train=train, test=half)).test) == 20


def test_ids_are_no_labels(write, section):
    source = write("a.csv", "text,label\n" + "".join(f"text {i},id-{i}\n" for i in range(60)))
    with pytest.raises(DataError, match="60 rows have 60 different labels: this is hardly a column of labels"):
        prepare_classification(section(source=source))
    assert any("hardly a column of labels" in line for line in examine_file(source).warnings)
