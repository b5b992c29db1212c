from __future__ import annotations

import io
import logging
import sys

import pytest

from toolkit.data.inputs import read_inputs
from toolkit.data.labels import label_kind
from toolkit.errors import DataError, RecipeError
from toolkit.names import Problem


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch):
    """Puts bytes before stdin."""
    return lambda raw: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="ascii"))


def test_texts_keep_their_order_and_are_normalised_as_in_training():
    rows = read_inputs(["cafe\u0301", "NA", "-x"], columns={})
    assert rows.to_dict() == {"id": [0, 1, 2], "text": ["café", "NA", "-x"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_stdin_is_read_line_by_line_in_any_encoding_that_can_be_told(typed, encoding):
    typed("재미있는 영화였습니다\r\n\r\n지루한 이야기\n\n\n".encode(encoding))
    rows = read_inputs(["before", "-", "after"], columns={})
    assert rows["text"][:] == ["before", "재미있는 영화였습니다", "", "지루한 이야기", "after"]
    assert rows["id"][:] == [0, 1, 2, 3, 4]


def test_stdin_takes_the_encoding_that_it_is_told(typed):
    typed(b"caf\xe9\n")
    assert read_inputs(["-"], columns={}, encoding="cp1252")["text"][:] == ["café"]


def test_what_stdin_holds_is_named_by_its_line(typed, caplog):
    typed(b"good\ncaf\xe9\n")
    with pytest.raises(DataError, match=r"stdin:2: the bytes e9 0a at offset 8 are not utf-8"):
        read_inputs(["-"], columns={})
    typed(b"good\n \nbad\n")
    with caplog.at_level(logging.WARNING, "toolkit"):
        read_inputs(["-"], columns={})
    assert caplog.messages == ["stdin: blank text, predicted all the same, in 1 row (line 2)"]


@pytest.mark.parametrize("raw", [b"", b"\n \n"])
def test_stdin_without_a_line_is_refused(typed, raw):
    typed(raw)
    with pytest.raises(DataError, match="stdin: there is no line to predict"):
        read_inputs(["-"], columns={})


def test_closed_stdin_is_an_empty_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="there is no line to predict"):
        read_inputs(["-"], columns={})


def test_arguments_with_a_data_suffix_are_files(write):
    first, second = write("a.CSV", "review\n007\nNone\n"), write("b.tsv", 'review\n"quoted\n')
    rows = read_inputs([first, second], columns={"text": "review"})
    assert rows["text"][:] == ["007", "None", '"quoted']
    with pytest.raises(DataError, match=r"b\.csv: no such file; did you mean 'b\.tsv'"):
        read_inputs(["b.csv"], columns={})


def test_files_and_texts_are_not_mixed(write):
    name = write("a.csv", "text\nx\n")
    with pytest.raises(RecipeError, match=r"'a\.csv' is a file, 'no file' is none"):
        read_inputs(["no file", name], columns={})


def test_texts_and_files_of_a_task_that_learns_from_texts_alone(typed, write):
    typed("둘\n셋\n".encode())
    pair = ("source", "target")
    rows = read_inputs(["하나", "-"], columns={}, wanted=pair)
    assert rows.to_dict() == {"id": [0, 1, 2], "source": ["하나", "둘", "셋"]}
    name = write("a.csv", "Q,A\n밥 먹었어?,응\n")
    rows = read_inputs([name], columns={"source": "Q", "target": "A"}, wanted=pair)
    assert rows.to_dict() == {"id": [0], "source": ["밥 먹었어?"], "reference": ["응"]}
    assert read_inputs(["one"], columns={}, wanted=("text",)).to_dict() == {"id": [0], "text": ["one"]}


def test_labels_of_a_file_are_read_as_the_problem_has_them(write):
    name = write("a.csv", "text,tags\nx,a;b\ny,\n")
    rows = read_inputs([name], columns={"labels": "tags"}, kind=label_kind(Problem.MULTI_LABEL))
    assert rows["label_names"][:] == [["a", "b"], []]
