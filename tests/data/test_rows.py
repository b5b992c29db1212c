from __future__ import annotations

import logging

import pytest

from toolkit.data.rows import prepare_rows, prepare_text_rows
from toolkit.errors import DataError


def test_rows_keep_their_order_and_blank_ones_are_counted(write, caplog):
    name = write("a.csv", "text,label\nb,y\n \u00a0,x\na,y\n")
    with caplog.at_level(logging.WARNING, "toolkit"):
        rows = prepare_rows(name)
    assert rows.to_dict() == {"id": [0, 1, 2], "text": ["b", " \u00a0", "a"], "reference": ["y", "x", "y"]}
    assert caplog.messages == ["a.csv: blank text, predicted all the same, in 1 row (line 3)"]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [(["3", "1"], [3, 1]), (["03", "1"], ["03", "1"]), (["x", "7"], ["x", "7"]), (["²", "1"], ["²", "1"])],
)
def test_ids_of_the_file_are_kept(write, ids, expected):
    name = write("a.csv", "id,text\n" + "".join(f"{i},t\n" for i in ids))
    assert prepare_rows(name)["id"][:] == expected


def test_a_label_is_taken_where_it_is_there_and_required_where_it_must(write):
    name = write("a.csv", "t,kind\none,a\ntwo,\n")
    columns = {"text": "t", "label": "kind"}
    assert prepare_rows(name, columns=columns)["reference"][:] == ["a", None]
    with pytest.raises(DataError, match=r"a\.csv: no label in 1 row \(line 3\)"):
        prepare_rows(name, columns=columns, require_label=True)
    bare = write("b.csv", "t\none\n")
    assert prepare_rows(bare, columns=columns).column_names == ["id", "text"]
    with pytest.raises(DataError, match="no column 'kind'"):
        prepare_rows(bare, columns=columns, require_label=True)


def test_pairs_are_needed_once_they_are_named(write):
    columns = {"text": "a", "text_pair": "b"}
    assert prepare_rows(write("a.csv", "a,b\n1,2\n"), columns=columns)["text_pair"][:] == ["2"]
    with pytest.raises(DataError, match="no column 'b'"):
        prepare_rows(write("b.csv", "a\n1\n"), columns=columns)


def test_a_target_is_the_reference_and_a_source_can_do_without(write, caplog):
    name = write("a.csv", "id,de,en\n7,Hund,dog\n8, ,cat\n9,Kuh,\n")
    columns = {"source": "de", "target": "en"}
    with caplog.at_level(logging.WARNING, "toolkit"):
        rows = prepare_text_rows(name, wanted=("source", "target"), columns=columns)
    assert rows.to_dict() == {"id": [7, 8, 9], "source": ["Hund", " ", "Kuh"], "reference": ["dog", "cat", None]}
    assert caplog.messages == ["a.csv: blank text, predicted all the same, in 1 row (line 3)"]
    with pytest.raises(DataError, match=r"a\.csv: no target in 1 row \(line 4\)"):
        prepare_text_rows(name, wanted=("source", "target"), columns=columns, require_reference=True)
    bare = write("b.csv", "de\nHund\n")
    assert prepare_text_rows(bare, wanted=("source", "target"), columns=columns).column_names == ["id", "source"]
    with pytest.raises(DataError, match="no column 'en'"):
        prepare_text_rows(bare, wanted=("source", "target"), columns=columns, require_reference=True)


def test_parallel_files_and_lines_are_rows_too(write):
    source = {"source": write("a.de", "Hund\nKatze\n"), "target": write("a.en", "dog\ncat\n")}
    rows = prepare_text_rows(source, wanted=("source", "target"), require_reference=True)
    assert rows.to_dict() == {"id": [0, 1], "source": ["Hund", "Katze"], "reference": ["dog", "cat"]}
    lines = write("a.txt", "cafe\u0301\n")
    assert prepare_text_rows(lines, wanted=("source", "target"))["source"][:] == ["café"]
    assert prepare_text_rows(lines, wanted=("text",)).to_dict() == {"id": [0], "text": ["café"]}
