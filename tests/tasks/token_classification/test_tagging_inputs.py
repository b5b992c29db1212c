"""Rows to predict and to measure a model of tags on."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from datasets import Dataset

from toolkit.errors import DataError, RecipeError
from toolkit.names import Family, Problem
from toolkit.tasks.interfaces import Answers
from toolkit.tasks.token_classification.inputs import Tagger, read_inputs, read_tagged
from toolkit.tasks.token_classification.schemes import scheme_of_labels

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


def tagger(*labels: str, written: str | None = None) -> Tagger:
    def answer(rows: Dataset, metrics: Sequence[str]) -> Answers:
        raise NotImplementedError

    return Tagger(Family.ENCODER, labels, Problem.SINGLE_LABEL, answer, scheme=scheme_of_labels(labels, written))


def read(folder: Path, tags: str, model: Tagger, **columns: str) -> list[list[str]]:
    path = folder / "tagged.jsonl"
    words = ["w"] * len(tags.split())
    path.write_text(json.dumps({columns.get("text", "tokens"): words, columns.get("spans", "tags"): tags.split()}))
    return list(read_tagged(str(path), model, columns=columns)["tags"])


def test_tags_that_the_model_has_not(tmp_path: Path) -> None:
    model = tagger(*LABELS)
    assert read(tmp_path, "B-PER B-LOC", model) == [["B-PER", "B-LOC"]]
    with pytest.raises(DataError, match=r"the tags \('B-LOC'\) are none of the model's \('B-PER', 'I-PER'\)"):
        read(tmp_path, "B-LOC O", model)
    with pytest.raises(DataError, match=r"no IOB2 as the others are \('PER'\) in 1 row \(line 1\)"):
        read(tmp_path, "B-PER I-PER PER", model)
    with pytest.raises(DataError, match=r"no IOB2 as the others are \('PER'\)"):
        read(tmp_path, "PER O", model)


def test_tags_of_another_scheme_are_spelt_as_the_models(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read(tmp_path, "I-PER I-PER B-PER O I-PER", tagger(*LABELS)) == [["B-PER", "I-PER", "B-PER", "O", "B-PER"]]
    assert "tags of IOB1, spelt as the model spells IOB2, in 1 row (line 1)" in caplog.text
    assert read(tmp_path, "B-PER E-PER O S-PER", tagger(*LABELS)) == [["B-PER", "I-PER", "O", "B-PER"]]
    assert read(tmp_path, "B_PER I_PER O", tagger(*LABELS)) == [["B-PER", "I-PER", "O"]]
    of_ends = tagger("O", "B-PER", "I-PER", "L-PER", "U-PER")
    assert read(tmp_path, "B-PER I-PER O B-PER", of_ends) == [["B-PER", "L-PER", "O", "U-PER"]]
    caplog.clear()
    assert read(tmp_path, "I-PER B-PER O", tagger(*LABELS, written="IOB1")) == [["I-PER", "B-PER", "O"]]
    assert not caplog.text


def test_the_options_name_columns_of_either_form(tmp_path: Path) -> None:
    """``--text-column`` is ``text`` and ``--label-column`` is ``spans``, also where the data has words and tags."""
    model = tagger(*LABELS)
    expected = [["B-PER", "O"]]
    assert read(tmp_path, "B-PER O", model, text="mots", spans="etiquettes") == expected
    assert read(tmp_path, "B-PER O", model, spans="ner") == expected
    assert read(tmp_path, "B-PER O", model, text="mots") == expected
    of_run = {"tokens": "words", "tags": "ner"}
    path = tmp_path / "words.jsonl"
    path.write_text(json.dumps({"mots": ["Ann", "is"], "ner": ["B-PER", "O"], "raw": "Ann is"}))
    assert read_tagged(str(path), model, columns={**of_run, "text": "mots"})["tags"][:] == expected
    assert read_inputs([str(path)], columns={**of_run, "text": "mots"})[0]["given"]
    assert not read_inputs([str(path)], columns={"tokens": "mots", "text": "raw"})[0]["given"]
    table = tmp_path / "words.csv"
    table.write_text('mots,etiquettes\n"[""Ann"", ""is""]","[""B-PER"", ""O""]"\n')
    assert read_tagged(str(table), model, columns={"text": "mots", "spans": "etiquettes"})["tags"][:] == expected
    conll = tmp_path / "words.conll"
    conll.write_text("1 Ann B-PER\n2 is O\n")
    assert read_inputs([str(conll)], columns={"text": "2"})[0]["text"] == "Ann is"
