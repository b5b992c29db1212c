from __future__ import annotations

import math

import pytest

from toolkit.evaluation.proof.parity import compare


def label(prediction, *probabilities):
    return {"text": "x", "prediction": prediction, "probabilities": list(probabilities)}


def test_equal_answers_have_no_gap():
    rows = [
        label("a", 0.75, 0.25),
        {"text": "x", "value": 2.5},
        {"text": "x", "prediction": "y", "log_likelihood": -3.0},
    ]
    parity = compare(rows, rows, 1e-4)
    assert (parity.rows, parity.largest_gap, parity.flips, parity.passed) == (3, 0.0, 0, True)
    assert parity.to_json() == {"rows": 3, "largest_gap": 0.0, "flips": 0, "tolerance": 1e-4}
    assert str(parity) == "3 rows, none flipped, largest gap 0.0e+00 (tolerated: 1e-04)"


def test_the_largest_gap_of_any_probability_counts():
    parity = compare([label("a", 0.7, 0.2, 0.1)], [label("a", 0.7, 0.23, 0.07)], 1e-2)
    assert parity.largest_gap == pytest.approx(0.03)
    assert (parity.flips, parity.passed) == (0, False)
    assert compare([label("a", 0.7, 0.3)], [label("a", 0.7)], 1e-2).largest_gap == math.inf
    assert compare([label("a", 0.7, 0.3)], [{"text": "x", "prediction": "a"}], 1e-2).largest_gap == math.inf
    assert compare([label("a", 0.7, 0.3)], [label("a", math.nan, 0.3)], 1e-2).largest_gap == math.inf


def test_only_tied_labels_may_flip():
    tied = compare([label("a", 0.50002, 0.49998)], [label("b", 0.49999, 0.50001)], 1e-4)
    assert (tied.flips, tied.passed) == (0, True)
    assert compare([label("a", 0.51, 0.49)], [label("b", 0.49, 0.51)], 1e-4).flips == 1
    assert compare([label("a", 0.51, 0.49)], [label("b", 0.51, 0.49)], 1e-4).flips == 1  # another name for it
    assert compare([label("a", 0.50002, 0.49998)], [label("b", 0.50002, 0.49998)], 1e-4).flips == 1


def test_of_several_labels_those_near_the_threshold_are_tied():
    first = label(["a", "b"], 0.9, 0.50003)
    assert compare([first], [label(["a"], 0.9, 0.49998)], 1e-4).passed
    assert compare([first], [label(["b"], 0.49998, 0.50003)], 1e-4).flips == 1
    assert compare([first], [label(["a", "c"], 0.9, 0.50003)], 1e-4).flips == 1


def test_log_likelihoods_are_compared_by_the_token():
    first = {"text": "x", "log_likelihood": -120.0, "tokens": 40}
    assert compare([first], [{"log_likelihood": -120.004}], 1e-3).largest_gap == pytest.approx(1e-4)
    assert not compare([first], [{"log_likelihood": -121.0}], 1e-3).passed


def test_a_written_text_may_differ_where_two_tokens_were_tied():
    first = {"text": "x", "prediction": "ein Hund", "log_likelihood": -1.0, "tokens": 3}
    assert compare([first], [{"prediction": "der Hund", "log_likelihood": -1.0, "margin": 1e-5}], 1e-4).passed
    assert compare([first], [{"prediction": "der Hund", "log_likelihood": -1.0, "margin": 0.2}], 1e-4).flips == 1
    assert compare([first], [{"prediction": "der Hund", "log_likelihood": -1.0}], 1e-4).flips == 1


def test_as_many_answers_as_rows():
    with pytest.raises(ValueError, match="shorter"):
        compare([label("a", 1.0)], [], 1e-4)
