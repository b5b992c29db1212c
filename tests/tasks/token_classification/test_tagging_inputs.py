"""Rows to predict and to measure a model of tags on."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from toolkit.errors import DataError, RecipeError
from toolkit.tasks.token_classification.inputs import read_inputs, read_tagged
from toolkit.tasks.token_classification.predict import scheme_of
from toolkit.tasks.token_classification.schemes import Scheme

LABELS = ("O", "B-PER", "I-PER")


def test_texts_and_lines_of_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read_inputs(["Ann is", "서울에"], columns={"tokens": "words"})
    assert rows["text"][:] == ["Ann is", "서울에"]
    assert not any(rows["given"])
    assert rows["ends"][1] == [1, 2, 3]
    assert "tags" not in rows.column_names
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\nb\n")))
    assert read_inputs(["-"], columns={})["text"][:] == ["a", "b"]
    with pytest.raises(RecipeError, match="give files or texts, not both"):
        read_inputs(["a.jsonl", "a text"], columns={})


def test_files_of_texts_or_of_words(tmp_path: Path) -> None:
    words = tmp_path / "words.jsonl"
    words.write_text(json.dumps({"id": "x7", "tokens": ["Ann", "is"], "tags": ["nonsense"]}))
    rows = read_inputs([str(words)], columns={})
    assert rows[0] == {"id": "x7", "text": "Ann is", "starts": [0, 4], "ends": [3, 6], "given": True}
    texts = tmp_path / "texts.csv"
    texts.write_text("text\nAnn is\n")
    assert not read_inputs([str(texts)], columns={"tokens": "words", "tags": "ner"})[0]["given"]
    conll = tmp_path / "words.conll"
    conll.write_text("Ann\nis\n")
    assert read_inputs([str(conll)], columns={})[0]["ends"] == [3, 6]


def test_tags_that_the_model_has_not(tmp_path: Path) -> None:
    path = tmp_path / "tagged.jsonl"

    def read(*tags: str) -> list[list[str]]:
        path.write_text(json.dumps({"tokens": ["w"] * len(tags), "tags": tags}))
        return list(read_tagged(str(path), LABELS, columns={})["tags"])

    assert read("B-PER", "B-LOC") == [["B-PER", "B-LOC"]]
    with pytest.raises(DataError, match=r"the tags \('B-LOC'\) are none of the model's \('B-PER', 'I-PER'\)"):
        read("B-LOC", "O")
    with pytest.raises(DataError, match=r"no IOB2 as the others are \('PER'\) in 1 row \(line 1\)"):
        read("B-PER", "PER")


def test_the_scheme_of_a_model_is_that_of_its_labels() -> None:
    assert scheme_of(LABELS) in (Scheme.IOB1, Scheme.IOB2)
    assert scheme_of(("O", "S-PER", "B-PER")) is Scheme.BIOES
    assert scheme_of(("NOUN", "VERB")) is Scheme.PLAIN
