from __future__ import annotations

import pytest

from toolkit.data.columns import pick_columns
from toolkit.data.sources import read_table
from toolkit.errors import DataError


def test_columns_get_the_names_of_the_task(write):
    table = read_table(write("a.csv", "Q,A,kind,rest\na,b,c,d\n"))
    picked = pick_columns(
        table, columns={"text": "Q", "text_pair": "A", "label": "kind"}, needed=["text", "text_pair", "label"]
    )
    assert picked.columns == {"text": ["a"], "text_pair": ["b"], "label": ["c"]}


def test_names_left_out_mean_themselves_and_optional_ones_may_be_absent(write):
    table = read_table(write("a.csv", "text,sentiment\na,b\n"))
    picked = pick_columns(table, columns={}, needed=["text"], optional=["label", "sentiment"])
    assert picked.columns == {"text": ["a"], "sentiment": ["b"]}


def test_all_missing_columns_are_named_with_the_nearest(write):
    table = read_table(write("reviews.csv", "text,label\na,b\n"))
    with pytest.raises(DataError) as caught:
        pick_columns(table, columns={"text": "txt", "label": "Klasse"}, needed=["text", "label"])
    assert str(caught.value).split("\n") == [
        "reviews.csv: no column 'txt'; did you mean 'text'?; columns: text, label",
        "reviews.csv: no column 'Klasse'; columns: text, label; "
        "say which is the label with data.columns.label or --label-column",
    ]


def test_a_column_of_lists_is_no_text(write):
    table = read_table(write("a.jsonl", '{"text": ["a", "b"], "label": "x", "meta": {"k": 1}}'))
    assert pick_columns(table, columns={}, needed=["label"]).columns == {"label": ["x"]}
    with pytest.raises(DataError, match="column 'text' holds lists, and 'text' is text"):
        pick_columns(table, columns={}, needed=["text", "label"])


NESTED = """{"text": "a", "labels": {"label": 3.7, "sure": true, "by": ["x"], "from": {"page": 2}}}
{"text": "b", "labels": null}
"""


@pytest.mark.parametrize(
    ("name", "cells"),
    [("labels.label", ["3.7", None]), ("labels.sure", ["true", None]), ("labels.from.page", ["2", None])],
)
def test_a_key_of_objects_is_a_column(write, name, cells):
    table = read_table(write("a.jsonl", NESTED))
    assert pick_columns(table, columns={"label": name}, needed=["text", "label"]).columns["label"] == cells


def test_a_column_with_a_dot_in_its_name_is_that_column(write):
    table = read_table(write("a.jsonl", '{"labels.label": "own", "labels": {"label": "inner"}}'))
    assert pick_columns(table, columns={"label": "labels.label"}, needed=["label"]).columns == {"label": ["own"]}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("labels.lable", "no column 'labels.lable'; did you mean 'labels.label'?"),
        ("labels", "holds objects, and 'label' is text; name what is in it: labels.label, labels.sure, labels.by"),
        ("labels.by", "column 'labels.by' holds lists"),
        ("labels.from", "column 'labels.from' holds objects"),
        ("text.label", "no column 'text.label'"),
    ],
)
def test_names_that_lead_nowhere_in_objects_are_told(write, name, told):
    table = read_table(write("a.jsonl", NESTED))
    with pytest.raises(DataError) as caught:
        pick_columns(table, columns={"label": name}, needed=["label"])
    assert told in str(caught.value)


def test_objects_in_arrow_have_columns_too(tmp_path):
    import pyarrow
    import pyarrow.parquet

    pairs = [{"de": "Hund", "en": "dog"}, {"de": "Katze", "en": None}]
    pyarrow.parquet.write_table(pyarrow.table({"id": [1, 2], "translation": pairs}), tmp_path / "a.parquet")
    table = read_table(str(tmp_path / "a.parquet"))
    columns = {"source": "translation.de", "target": "translation.en"}
    picked = pick_columns(table, columns=columns, needed=["source", "target"])
    assert {name: list(cells) for name, cells in picked.columns.items()} == {
        "source": ["Hund", "Katze"],
        "target": ["dog", None],
    }
    with pytest.raises(DataError, match=r"name what is in it: translation\.de, translation\.en"):
        pick_columns(table, columns={"source": "translation"}, needed=["source"])
