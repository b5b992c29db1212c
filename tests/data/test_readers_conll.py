"""CoNLL files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.data.readers_conll import LINES, is_conll
from toolkit.data.sources import read_splits, read_table
from toolkit.errors import DataError


def written(folder: Path, text: str, name: str = "a.conll") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_sentences_with_their_lines(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- O\n\n# a comment\nAnn NNP B-PER\nis VB O\n\n\nRome NNP B-LOC\r\n"
    table = read_table(written(tmp_path, text))
    assert list(table.columns) == ["tokens", "tags", "1", "2", "3", LINES]
    assert list(map(json.loads, table.columns["tokens"])) == [["Ann", "is"], ["Rome"]]
    assert list(map(json.loads, table.columns["tags"])) == [["B-PER", "O"], ["B-LOC"]]
    assert list(map(json.loads, table.columns["2"])) == [["NNP", "VB"], ["NNP"]]
    assert [table.place(row)[1] for row in (0, 1)] == [4, 8]
    assert set(table.not_text) == set(table.columns) - {LINES}
    assert table.columns[LINES] == ["[4, 5]", "[8]"]


def test_a_token_may_be_a_blank_or_a_number_sign(tmp_path: Path) -> None:
    text = "## id-1\t<서울:LOC> 에\n서\tB-LOC\n울\tI-LOC\n \tO\n#\tO\n"
    table = read_table(written(tmp_path, text, "a.bio"))
    assert json.loads(table.columns["tokens"][0]) == ["서", "울", " ", "#"]


def test_a_line_with_another_number_of_columns_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as told:
        read_table(written(tmp_path, "Ann B-PER\nis\n\nin X O\n"))
    assert [fault.where.rpartition(":")[2] for fault in told.value.faults if fault.where] == ["2", "4"]
    assert "1 column where most tokens have 2" in str(told.value)


def test_only_comments_are_no_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no line has a token"):
        read_table(written(tmp_path, "# nothing\n\n"))


def test_tokens_alone_have_no_tags(tmp_path: Path) -> None:
    assert list(read_table(written(tmp_path, "Ann\nis\n")).columns) == ["tokens", "1", LINES]


def test_the_recipe_can_name_the_format(tmp_path: Path) -> None:
    source = written(tmp_path, "Ann B-PER\n", "a.txt")
    assert json.loads(read_splits(source, format="conll")["all"].columns["tags"][0]) == ["B-PER"]
    assert list(read_table(source).columns) == ["text"]


@pytest.mark.parametrize("name", ["a.tsv", "a.txt"])
@pytest.mark.parametrize(
    "text",
    [
        "## id\t<서울:LC> 에\n서\tB-LC\n울\tI-LC\n \tO\n\n에\tO\n\n",
        "1\t비토리오\tPER_B\n2\t만에\t-\n\n1\t이\t-\n",
        "Ann\tNNP\tB-PER\r\nis\tVB\tO\r\n\r\nRome\tNNP\tB-LOC\r\n",
    ],
)
def test_a_token_a_line_is_told_by_the_content(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    table = read_splits(str(path))["all"]
    assert table.n_rows == 2
    assert "read as CoNLL" in table.notes[0]
    conll = tmp_path / "a.conll"
    conll.write_bytes(text.encode())
    assert dict(table.columns) == dict(read_table(str(conll)).columns)


@pytest.mark.parametrize(
    "text",
    [
        "text\tlabel\na\tO\n\nb\tB\n",  # a row of names
        "a\tB-1\nb\tO\n",  # no sentence ends
        "a film\tgood\n\nanother\tbad\n",
        "a\tO\n\nb\tO\n",  # nothing is marked
        "a\tB-X\n\nb\tc\tO\n",  # uneven rows are a table with a fault, or text
        "BBBB\n\nB\n",
    ],
)
def test_tables_and_texts_stay_what_they_are(tmp_path: Path, text: str) -> None:
    assert not is_conll(Path(written(tmp_path, text, "a.tsv")))
    assert not is_conll(tmp_path / "absent.tsv")
