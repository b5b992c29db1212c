"""The nearest source by our blocks and by scikit-learn's whole matrix."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from toolkit.evaluation.baselines import texts as text_baselines
from toolkit.evaluation.baselines.texts import copy_source, first_sentences, nearest_neighbour
from toolkit.tasks.texts.baselines import SUMMARIES, measure_text_baselines

SOURCES = [
    "a man rides a horse",
    "two dogs play in the snow",
    "나는 학교에 간다",
    "배가 고파요",
    "a girl eats an apple",
]
TARGETS = ["Mann Pferd", "zwei Hunde", "I go to school", "I am hungry", "Mädchen Apfel"]


def test_copies():
    assert copy_source(("a", "나")) == ["a", "나"]


def test_finds_the_nearest_in_any_language():
    asked = ["a man on horses", "dogs in snow", "학교에 가요", "배고파", "girls eat apples", "a man rides a horse"]
    found = nearest_neighbour(SOURCES, TARGETS, test_sources=asked)
    assert found == [*TARGETS, TARGETS[0]]


def test_agrees_with_the_whole_matrix_in_blocks(monkeypatch: pytest.MonkeyPatch, sentences: list[tuple[str, str]]):
    texts = [text for text, _ in sentences[:400]]
    train, test = texts[:300], texts[300:]
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    known = vectorizer.fit_transform(train)
    similarities = cosine_similarity(vectorizer.transform(test), known)
    monkeypatch.setattr(text_baselines, "_BLOCK", 300 * 7)
    found = nearest_neighbour(train, [str(row) for row in range(300)], test_sources=test)
    # Collisions of hashes may exchange neighbours that are about as near.
    chosen = similarities[np.arange(100), np.array(found, dtype=int)]
    assert chosen == pytest.approx(similarities.max(axis=1), abs=0.01)
    assert np.mean(np.array(found, dtype=int) == similarities.argmax(axis=1)) > 0.95


def test_nothing_alike_gives_the_first_row():
    assert nearest_neighbour(SOURCES, TARGETS, test_sources=["", "  ", "qqq"]) == [TARGETS[0]] * 3
    assert nearest_neighbour(["", " "], ["x", "y"], test_sources=["a"]) == ["x"]
    assert nearest_neighbour(SOURCES, TARGETS, test_sources=[]) == []


def test_too_much_work_leaves_rows_out_and_tells(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(text_baselines, "_MOST_SIMILARITIES", 6)
    with caplog.at_level(logging.WARNING):
        found = nearest_neighbour(SOURCES, TARGETS, test_sources=["a man", "dogs"])
    assert "3 of 5 training rows" in caplog.text
    assert set(found) <= set(TARGETS)


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="0 sources"):
        nearest_neighbour([], [], test_sources=["a"])
    with pytest.raises(ValueError, match="5 sources and 1 targets"):
        nearest_neighbour(SOURCES, ["a"], test_sources=["a"])


def test_as_many_first_sentences_as_targets_have():
    article = "Prices fell. Dr. Kim was glad. Nobody else was."
    korean = "가격이 내렸다. 시장은 조용했다.\n그러나 끝이 아니다."
    assert first_sentences([article, korean], ["One sentence", "또 한 문장."]) == ["Prices fell.", "가격이 내렸다."]
    of_two = first_sentences([article, korean, "Only one", ""], ["One. Two.", "One. Two. Three.", "One."])
    assert of_two == ["Prices fell.\nDr. Kim was glad.", "가격이 내렸다.\n시장은 조용했다.", "Only one", ""]
    assert first_sentences([article], []) == first_sentences([article], ["", " "]) == ["Prices fell."]


def test_the_baselines_of_summaries_are_measured_like_a_model():
    columns = {
        "source": ["The sun shone. It was hot.", "It rained all day. Nobody came."],
        "target": ["Sun shone.", "Rain."],
    }
    rows = Dataset.from_dict({"id": [0, 1], **columns})
    data = SimpleNamespace(train=rows, test=rows)
    names = ["rouge1", "chrf", "length_ratio", "copied_4grams", "perplexity"]
    found = measure_text_baselines(data, metrics=names, writers=SUMMARIES)
    assert list(found) == ["first-sentences", "copy-source", "nearest-neighbour"]
    assert all(list(each.metrics) == names[:-1] for each in found.values())
    assert found["nearest-neighbour"].metrics["rouge1"].value == 1
    assert found["first-sentences"].metrics["rouge1"].value == pytest.approx((4 / 5 + 0) / 2)
    assert found["copy-source"].metrics["copied_4grams"].value == 1
    assert found["copy-source"].metrics["length_ratio"].value == pytest.approx(12 / 3)
    pairs = measure_text_baselines(data, metrics=["rouge1"])
    assert set(pairs) == {"copy-source", "nearest-neighbour"}
    assert measure_text_baselines(data, metrics=["perplexity"], writers=SUMMARIES) == {}
