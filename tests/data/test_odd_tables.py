"""Tables as people and programs leave them: titles, merged cells, times, class numbers inside of records."""

from __future__ import annotations

import csv
import datetime
import logging
from pathlib import Path

import datasets
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from toolkit.data import read_table
from toolkit.data.labels.spelling import alike
from toolkit.data.readers_arrow import from_arrow
from toolkit.errors import DataError

ROWS = [(f"문장 {i}, a text", ("good", "bad")[i % 2]) for i in range(12)]


def _sheet(path: Path, rows, merged: str | None = None) -> str:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    if merged is not None:
        book.active.merge_cells(merged)
    book.save(path)
    return str(path)


def _csv(path: Path, rows) -> str:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return str(path)


@pytest.mark.parametrize("titles", [[("설문 2024",)], [("Export",), ("by Kim, 2024-01-01",)], [("Reviews", "")]])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_titles_above_the_names_are_left_out_and_told(titles, kind, tmp_path, caplog):
    rows = [*titles, ("review", "stars"), *ROWS]
    name = (_csv if kind == "csv" else _sheet)(tmp_path / f"a.{kind}", rows)
    with caplog.at_level(logging.WARNING, "toolkit"):
        table = read_table(name)
    assert dict(zip(table.columns, map(list, table.columns.values()), strict=True)) == {
        "review": [text for text, _ in ROWS],
        "stars": [label for _, label in ROWS],
    }
    assert table.place(0)[1] == len(titles) + 2
    assert f"{len(titles)} row{'s' * (len(titles) > 1)} above the names of the columns left out" in caplog.text


@pytest.mark.parametrize(
    "rows",
    [
        [("review", ""), *ROWS],  # the second column lacks its name
        [("text", ""), ("hello", "pos"), *ROWS],
        [("", "text"), *((i, text) for i, (text, _) in enumerate(ROWS))],
    ],
)
def test_a_row_of_names_is_no_title(rows, tmp_path):
    table = read_table(_csv(tmp_path / "a.csv", rows))
    assert len(next(iter(table.columns.values()))) == len(rows) - 1
    assert set(rows[0]) - {""} <= set(table.columns)


def test_lines_with_commas_below_one_name_are_ragged_as_before(tmp_path):
    (tmp_path / "a.csv").write_text("review\n" + "Hello, world\nGood, bad, and ugly\nfine\n" * 4, encoding="utf-8")
    with pytest.raises(DataError, match="2 cells where the header has 1"):
        read_table(str(tmp_path / "a.csv"))


def test_cells_that_are_merged_over_rows_are_told(tmp_path, caplog):
    rows = [("text", "label"), *((text, label if i % 2 == 0 else None) for i, (text, label) in enumerate(ROWS))]
    for merged, told in (("B2:B3", True), ("D1:E1", False), (None, False)):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "toolkit"):
            read_table(_sheet(tmp_path / "a.xlsx", rows, merged))
        assert ("merged over several rows" in caplog.text) is told


def test_a_date_has_one_spelling_in_every_format(tmp_path):
    frame = pd.DataFrame({"text": ["a", "b"], "label": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    for kind in ("parquet", "csv", "xlsx"):
        assert list(read_table(str(tmp_path / f"a.{kind}")).columns["label"]) == ["2024-01-01", "2024-01-02"]
    moments = pa.array([datetime.datetime(2024, 1, 1, 9, 30), datetime.datetime(2024, 1, 1, 9, 0, 0, 500_000), None])
    table = from_arrow(pa.table({"label": moments}), name="a")
    assert list(table.columns["label"]) == ["2024-01-01 09:30:00", "2024-01-01 09:00:00.500000", None]


NUMBER = datasets.Value("int64")
SPAN = {"start": NUMBER, "end": NUMBER, "label": datasets.ClassLabel(names=["인물", "LOC"])}


@pytest.mark.parametrize("form", [datasets.List(SPAN), datasets.Sequence(SPAN), [SPAN]])
def test_class_numbers_inside_of_spans_are_names(form, tmp_path):
    spans = [[{"start": 0, "end": 3, "label": 0}], [], [{"start": 1, "end": 2, "label": 1}]]
    if isinstance(form, dict):  # datasets makes an object of lists of it
        spans = [{name: [span[name] for span in row] for name in SPAN} for row in spans]
    features = datasets.Features({"text": datasets.Value("string"), "spans": form})
    rows = datasets.Dataset.from_dict({"text": ["abc", "def", "ghi"], "spans": spans}, features=features)
    rows.to_parquet(str(tmp_path / "a.parquet"))
    cells = list(read_table(str(tmp_path / "a.parquet")).columns["spans"])
    assert "인물" in cells[0]
    assert "LOC" in cells[2]


def test_a_class_number_without_a_name_keeps_its_place():
    features = datasets.Features({"tags": datasets.List(datasets.ClassLabel(names=["O", "B-PER"]))})
    rows = datasets.Dataset.from_dict({"tags": [[0, -1, 1]]}, features=features)
    assert list(from_arrow(rows.data.table, name="a").columns["tags"]) == ['["O", null, "B-PER"]']


def test_a_minus_is_a_minus():
    assert alike({"-1": 3, "\N{MINUS SIGN}1": 1, "1": 2}) == [["-1", "\N{MINUS SIGN}1"]]
