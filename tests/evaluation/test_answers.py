"""F1 and exact match of answers, beside values that are computed by hand from the rules of SQuAD and KorQuAD."""

from __future__ import annotations

import unicodedata

import pytest

from toolkit.evaluation.metrics.measure_texts import measure_texts
from toolkit.evaluation.metrics.texts import signature

NAMES = ("squad_exact_match", "squad_f1")


def values(pairs: list[tuple[str, str]]) -> tuple[float | None, ...]:
    """Measure predictions and their references."""
    written, right = map(list, zip(*pairs, strict=True))
    found = measure_texts(NAMES, predictions=written, references=right)
    return tuple(found[name].value for name in NAMES)


def test_case_punctuation_articles_and_blanks_make_no_difference() -> None:
    assert values([("The  Eiffel Tower.", "eiffel tower"), ("(an) apple!", "Apple")]) == (1.0, 1.0)


def test_f1_counts_shared_words_as_often_as_both_have_them() -> None:
    # "in paris france" and "paris": 1 shared, precision 1/3, recall 1. "to be to be" and "to be or": 2 of 4 and of 3.
    assert values([("in Paris, France", "Paris")]) == (0.0, pytest.approx(2 * (1 / 3) / (1 / 3 + 1)))
    assert values([("to be to be", "to be or")]) == (0.0, pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3)))


def test_nothing_written_is_right_only_where_nothing_is_right() -> None:
    assert values([("", "Paris")]) == (0.0, 0.0)
    assert values([("Paris", "the")]) == (0.0, 0.0)
    assert values([("a", "the"), ("x", "x")]) == (1.0, 1.0)


def test_korean_answers_are_counted_by_characters() -> None:
    # 1 9 9 9 년 에 and 1 9 9 9 년: 5 shared of 6 and of 5.
    assert values([("1999년에", "1999년"), ("서울 특별시", "서울특별시")]) == (0.0, pytest.approx((10 / 11 + 1.0) / 2))
    assert values([("《훈민정음》", "훈민정음")]) == (1.0, 1.0)


def test_korean_in_single_letters_is_the_same() -> None:
    assert values([(unicodedata.normalize("NFD", "서울특별시"), "서울특별시")]) == (1.0, 1.0)


def test_signatures_say_which_rules_hold() -> None:
    assert signature("squad_f1", ["Paris"]) == "nrefs:1|form:nfc|norm:squad|tok:word|avg:rows"
    assert signature("squad_f1", ["서울"]) == "nrefs:1|form:nfc|norm:korquad-1.0|tok:char|avg:rows"
