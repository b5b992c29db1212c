"""The nearest source by our blocks and by scikit-learn's whole matrix."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from toolkit.evaluation.baselines import texts as text_baselines
from toolkit.evaluation.baselines.texts import copy_source, nearest_neighbour

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
