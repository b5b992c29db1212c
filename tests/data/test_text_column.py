"""Columns in Arrow behave as the lists that they stand for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data import read_table, text_column
from toolkit.data.coded_text import CodedText
from toolkit.data.fingerprints import fingerprints
from toolkit.data.normalise import blank_rows, clean_text, clean_texts, is_blank
from toolkit.data.text_column import TextColumn, character_counts, map_cells

SPACES = [chr(code) for code in range(0x110000) if chr(code).isspace()]
CELLS = st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=6), max_size=30)


def in_chunks(cells, size):
    chunks = [pa.array(cells[start : start + size], pa.large_string()) for start in range(0, len(cells), size)]
    return TextColumn(pa.chunked_array(chunks, pa.large_string()))


@given(cells=CELLS, size=st.integers(1, 7), data=st.data())
def test_a_column_is_the_list_of_its_cells(cells, size, data):
    column = in_chunks(cells, size)
    assert column == cells
    assert cells == column
    assert (list(column), len(column)) == (cells, len(cells))
    assert column[1:4] == cells[1:4]
    assert [column[i] for i in range(len(cells))] == cells
    assert column.missing() == [i for i, cell in enumerate(cells) if cell is None]
    assert column.as_strings().to_pylist() == cells
    assert column.as_strings().type == pa.string()
    assert character_counts(column).tolist() == character_counts(cells).tolist() == [len(cell or "") for cell in cells]
    rows = np.array(sorted(data.draw(st.sets(st.integers(0, max(0, len(cells) - 1))))) if cells else [], dtype=np.int64)
    assert column.take(rows) == [cells[row] for row in rows]
    assert TextColumn.concatenated([column, TextColumn.of(cells)]) == cells * 2
    assert clean_texts(column) == clean_texts(cells) == [clean_text(cell) for cell in cells]


@given(
    cells=st.lists(st.text(st.sampled_from([*SPACES, "a", "가", "\u200b", "\x00", "\u0301"]), max_size=3), max_size=8)
)
def test_blank_rows_are_those_of_white_space(cells):
    assert blank_rows(TextColumn.of(cells)) == [i for i, cell in enumerate(cells) if is_blank(cell)]


def test_rows_are_taken_in_their_order_only():
    with pytest.raises(ValueError, match="do not ascend"):
        in_chunks(["a", "b"], 1).take(np.array([1, 0]))


def test_clean_blocks_are_not_copied():
    column = in_chunks(["plain", "한국어", "cafe\u0301"], 2)
    before, after = (each.chunks for each in (column, clean_texts(column)))
    assert after.chunk(0).buffers()[2].address == before.chunk(0).buffers()[2].address
    assert after.chunk(1).to_pylist() == ["café"]


def test_a_long_column_is_cut_into_blocks(monkeypatch):
    monkeypatch.setattr(text_column, "BLOCK_ROWS", 3)
    monkeypatch.setattr(text_column, "CELLS_AT_ONCE", 1)
    assert [len(block) for block in TextColumn.of(map(str, range(8))).arrays()] == [3, 3, 2]
    assert map_cells(pa.chunked_array([list(range(8))]), str) == list("01234567")


def test_chunks_too_large_for_the_type_string_are_halved(monkeypatch):
    monkeypatch.setattr(text_column, "_LARGEST_STRING_CHUNK", 100)
    strings = TextColumn.of([str(i) * 10 for i in range(40)]).as_strings()
    assert strings.num_chunks >= 4
    assert strings.to_pylist() == [str(i) * 10 for i in range(40)]


def test_columns_of_parquet_stay_in_arrow(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pa.parquet.write_table(pa.table({"text": ["a", "b"], "label": [0.5, None]}), "a.parquet")
    table = read_table(["a.parquet", "a.parquet"])
    assert all(isinstance(column, TextColumn) for column in table.columns.values())
    assert table.columns == {"text": ["a", "b"] * 2, "label": ["0.5", None] * 2}


@given(texts=st.lists(st.sampled_from(["a", "b", "", "한"])))
def test_coded_texts_are_the_list_of_the_texts(texts):
    coded = CodedText.of(texts)
    assert list(coded) == texts
    assert len(coded.values) == len(set(texts))
    assert list(coded[1:3]) == texts[1:3]
    assert coded.as_strings().to_pylist() == texts
    assert CodedText.of(coded) is coded


@given(texts=st.lists(st.text(max_size=4)))
def test_equal_texts_have_equal_fingerprints(texts):
    found = fingerprints(texts)
    assert len(found) == len(texts)
    assert len(np.unique(found)) == len(set(texts))
