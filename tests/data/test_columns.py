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
