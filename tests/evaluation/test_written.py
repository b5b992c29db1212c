"""Exact matches, lengths, copies and repetition, by hand and by properties."""

from __future__ import annotations

import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.evaluation.metrics.measure_texts import measure_texts
from toolkit.evaluation.metrics.texts import TEXT_METRICS, TextRows
from toolkit.names import SPECS, Task

NAMES = ("exact_match", "length_ratio", "copied_4grams", "repeated_4grams")


def value(name: str, predictions: list[str], references: list[str] | None = None, sources: list[str] | None = None):
    metric = TEXT_METRICS[name]
    rows = TextRows(predictions, references or predictions, sources=sources or predictions)
    return float(metric.value(metric.statistics(rows).sum(axis=0)))


def test_exact_match_reads_nfc_and_no_white_space_around():
    references = ["한국어", "a b", "a b", "Word", ""]
    predictions = [unicodedata.normalize("NFD", "한국어"), " a b\n", "a  b", "word", "  "]
    assert value("exact_match", predictions, references) == 3 / 5


def test_the_length_ratio_is_one_of_sums():
    assert value("length_ratio", ["a b c", ""], ["a", "b"]) == 3 / 2
    assert value("length_ratio", ["나는 갔다"], ["나"]) == 4
    assert value("length_ratio", ["", "!"], ["a", "b c"]) == 0


@pytest.mark.parametrize(
    ("prediction", "source", "copied"),
    [
        ("The cat sat on a mat", "see: the cat sat on the mat", 1 / 3),  # "the cat sat on" of three
        ("a b c d e", "x a b c d e y", 1),
        ("a b c d", "d c b a", 0),
        ("오늘 비가", "오늘 비가 온다", 1),  # one 4-gram of syllables
        ("오늘은 눈", "오늘 비가 온다", 0),
        ("a b c d a b c d", "a b c d", 2 / 5),  # counted as often as it is written
    ],
)
def test_copies_by_hand(prediction: str, source: str, copied: float):
    assert value("copied_4grams", [prediction], sources=[source]) == pytest.approx(copied)


@pytest.mark.parametrize(
    ("prediction", "repeated"),
    [("a b c d", 0), ("a b c d a b c d", 1 / 5), ("no no no no no no no", 3 / 4), ("네네네네네", 1 / 2)],
)
def test_repetition_by_hand(prediction: str, repeated: float):
    assert value("repeated_4grams", [prediction]) == pytest.approx(repeated)


@pytest.mark.parametrize("name", ["copied_4grams", "repeated_4grams"])
def test_texts_of_less_than_four_words_have_no_say(name: str):
    long = "a b c d a b c d"
    assert value(name, [long, "", "x y z"]) == value(name, [long])
    found = measure_texts([name], predictions=["a b c", ""], references=["a", "b"], sources=["a b c d", "b"])[name]
    assert (found.value, found.ci95, found.reason) == (None, None, "no prediction has four words")


def test_a_ratio_to_nothing_is_undefined():
    found = measure_texts(["length_ratio"], predictions=["a"], references=["!"])["length_ratio"]
    assert (found.value, found.reason) == (None, "the references have no words")


texts = st.lists(st.text(st.sampled_from("ab 가나 .!"), max_size=14), min_size=1, max_size=5)


@settings(max_examples=100, deadline=None)
@given(predictions=texts)
def test_a_copy_is_equal_as_long_and_copied(predictions: list[str]):
    assert value("exact_match", predictions) == 1
    for name in ("length_ratio", "copied_4grams"):
        found = value(name, predictions)
        assert np.isnan(found) or found == 1
    assert value("repeated_4grams", predictions) == pytest.approx(
        value("repeated_4grams", predictions[::-1]), nan_ok=True
    )


def test_intervals_are_those_of_the_mean_over_rows():
    generator = np.random.default_rng(3)
    right = generator.random(400) < 0.3
    predictions, references = ["yes"] * 400, ["yes" if row else "no" for row in right]
    found = measure_texts(["exact_match"], predictions=predictions, references=references, resamples=3000)[
        "exact_match"
    ]
    half = 1.96 * right.std() / 20
    assert found.value == pytest.approx(right.mean())
    assert found.ci95 == pytest.approx((right.mean() - half, right.mean() + half), abs=0.15 * half)


def test_what_is_missing_is_told():
    with pytest.raises(ValueError, match="copied_4grams needs predictions and sources"):
        measure_texts(["copied_4grams"], predictions=["a"], references=["a"])
    with pytest.raises(ValueError, match="repeated_4grams needs predictions"):
        TEXT_METRICS["repeated_4grams"].statistics(TextRows(references=["a"]))
    with pytest.raises(ValueError, match="exact_match needs predictions and references"):
        measure_texts(["exact_match"], predictions=["a"])
    with pytest.raises(ValueError, match="2 sources"):
        TextRows(["a"], ["a"], sources=["a", "b"])


def test_two_thousand_rows_are_measured_in_seconds():
    generator = np.random.default_rng(0)
    syllables = [chr(0xAC00 + place) for place in range(0, 11_000, 37)]

    def drawn(n_characters: int) -> list[str]:
        return ["".join(row) for row in generator.choice([*syllables, " ", " ", ". "], size=(2000, n_characters))]

    sources, references = drawn(800), drawn(120)
    predictions = [source[:60] + reference[60:] for source, reference in zip(sources, references, strict=True)]
    names = [name for name in SPECS[Task.TEXT_GENERATION].metrics if name.startswith("rouge")]
    start = time.process_time()
    found = measure_texts([*names, *NAMES], predictions=predictions, references=references, sources=sources)
    assert time.process_time() - start < 20
    assert all(metric.ci95[0] <= metric.value <= metric.ci95[1] for metric in found.values())
