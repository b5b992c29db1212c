"""Paired differences against resampling row by row with scikit-learn's metrics, and what must hold of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import f1_score, matthews_corrcoef

from toolkit.choose.compare import (
    Difference,
    bootstrap_difference,
    is_tie,
    paired_difference,
    paired_metric_difference,
    paired_text_difference,
)
from toolkit.errors import RecipeError
from toolkit.evaluation.intervals import drawn_rows
from toolkit.evaluation.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.number_predictions import NumberPredictions
from toolkit.evaluation.predictions import Predictions
from toolkit.evaluation.text_metrics import TextRows

LABELS = ("a", "b", "c")
N_ROWS = 60


def classes(right: float, seed: int, labels: tuple[str, ...] = LABELS, unknown: int = 0) -> Predictions:
    """Predictions of the same references, some share of them right."""
    references = np.random.default_rng(0).integers(0, len(labels), size=N_ROWS)
    generator = np.random.default_rng(seed)
    given_ = np.where(generator.random(N_ROWS) < right, references, generator.integers(0, len(labels), size=N_ROWS))
    names = [labels[label] for label in references]
    names[:unknown] = ["unheard of"] * unknown
    return Predictions(
        ids=list(range(N_ROWS)),
        texts=["text"] * N_ROWS,
        references=names,
        reference_labels=np.where(np.arange(N_ROWS) < unknown, -1, references),
        labels=labels,
        probabilities=np.eye(len(labels))[given_],
    )


def sets(right: float, seed: int) -> LabelSetPredictions:
    expected = np.random.default_rng(0).random((N_ROWS, 3)) < 0.4
    generator = np.random.default_rng(seed)
    given_ = np.where(generator.random((N_ROWS, 3)) < right, expected, generator.random((N_ROWS, 3)) < 0.4)
    return LabelSetPredictions(
        ids=list(range(N_ROWS)),
        texts=["text"] * N_ROWS,
        references=[tuple(name for name, has in zip(LABELS, row, strict=True) if has) for row in expected],
        labels=LABELS,
        probabilities=given_.astype(np.float64),
    )


def numbers(noise: float, seed: int) -> NumberPredictions:
    expected = np.random.default_rng(0).standard_normal(N_ROWS)
    predicted = expected + noise * np.random.default_rng(seed).standard_normal(N_ROWS)
    return NumberPredictions(list(range(N_ROWS)), ["text"] * N_ROWS, expected, predicted)


def by_hand(
    first: Callable[[NDArray[np.int64]], float], second: Callable[[NDArray[np.int64]], float], n: int
) -> tuple[float, float]:
    """The interval of a difference of metrics, each computed anew on every resample."""
    values = []
    for counts in np.concatenate(list(drawn_rows(N_ROWS, seed=0, resamples=n))):
        rows = np.repeat(np.arange(N_ROWS), counts.astype(int))
        values.append(first(rows) - second(rows))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def test_the_interval_of_a_mean_is_that_of_the_rows_differences():
    generator = np.random.default_rng(0)
    a = generator.standard_normal(400)
    b = a + 0.1 * generator.standard_normal(400) - 0.03
    found = paired_difference(a, b)
    # The rows are far apart, their differences near to each other: the interval is that of the differences.
    error = (a - b).std(ddof=1) / 20
    assert found.value == pytest.approx((a - b).mean())
    assert (found.low, found.high) == pytest.approx((found.value - 1.96 * error, found.value + 1.96 * error), abs=1e-3)
    assert not is_tie(found)
    assert is_tie(paired_difference(a, b[::-1]))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_differences_turn_around_and_equal_results_tie(pairs):
    a, b = np.array(pairs).T
    one, other = paired_difference(a, b, n=200), paired_difference(b, a, n=200)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert is_tie(one) == is_tie(other)
    assert paired_difference(a, a, n=50) == Difference(0, 0, 0)
    assert paired_difference(a, b, n=50, seed=1) == paired_difference(a, b, n=50, seed=1)


def test_macro_f1_is_resampled_as_a_whole():
    first, second = classes(0.8, 1), classes(0.5, 2)
    references = first.reference_labels

    def f1_of(predictions: Predictions) -> Callable[[NDArray[np.int64]], float]:
        return lambda rows: f1_score(references[rows], predictions.predicted[rows], average="macro")

    found = paired_metric_difference("f1", first, second, n=200)
    every = np.arange(N_ROWS)
    assert found.value == pytest.approx(f1_of(first)(every) - f1_of(second)(every))
    assert (found.low, found.high) == pytest.approx(by_hand(f1_of(first), f1_of(second), 200))


@pytest.mark.parametrize("metric", ["accuracy", "matthews_correlation"])
def test_other_metrics_of_classes_and_rows_of_unknown_classes(metric):
    first, second = classes(0.8, 1, unknown=5), classes(0.5, 2, unknown=5)

    def value(predictions: Predictions) -> Callable[[NDArray[np.int64]], float]:
        right = {"accuracy": lambda a, b: np.mean(a == b), "matthews_correlation": matthews_corrcoef}[metric]
        return lambda rows: right(predictions.reference_labels[rows], predictions.predicted[rows])

    found = paired_metric_difference(metric, first, second, n=100)
    assert (found.low, found.high) == pytest.approx(by_hand(value(first), value(second), 100))


def test_accuracy_is_a_mean_of_rows():
    first, second = classes(0.8, 1), classes(0.5, 2)
    assert paired_metric_difference("accuracy", first, second) == paired_difference(~first.wrong, ~second.wrong)


@pytest.mark.parametrize("metric", ["f1", "f1_micro", "exact_match"])
def test_several_labels(metric):
    first, second = sets(0.9, 1), sets(0.6, 2)

    def value(predictions: LabelSetPredictions) -> Callable[[NDArray[np.int64]], float]:
        expected, given_ = predictions.reference_sets, predictions.predicted
        if metric == "exact_match":
            return lambda rows: np.mean((expected[rows] == given_[rows]).all(axis=1))
        average = "micro" if metric == "f1_micro" else "macro"
        return lambda rows: f1_score(expected[rows], given_[rows], average=average, zero_division=0)

    found = paired_metric_difference(metric, first, second, n=100)
    assert (found.low, found.high) == pytest.approx(by_hand(value(first), value(second), 100))


def test_numbers_and_less_is_better():
    near, far = numbers(0.2, 1), numbers(1.0, 2)

    def pearson(predictions: NumberPredictions) -> Callable[[NDArray[np.int64]], float]:
        return lambda rows: np.corrcoef(predictions.expected[rows], predictions.predicted[rows])[0, 1]

    found = paired_metric_difference("pearson", near, far, n=100)
    assert (found.low, found.high) == pytest.approx(by_hand(pearson(near), pearson(far), 100))
    error = paired_metric_difference("mse", near, far)
    squares = [(each.predicted - each.expected) ** 2 for each in (near, far)]
    assert error.value == pytest.approx(np.mean(squares[1] - squares[0]))
    assert error.low > 0


def test_texts_are_compared_by_their_own_comparison_and_the_better_one_is_above_zero():
    references = ["the cat sat", "a dog ran off", "it was dark", "we saw the sea"]
    good, bad = TextRows(references, references), TextRows(["the", "a dog", "it", "sea we saw"], references)
    assert paired_text_difference("chrf", good, bad).value > 0
    assert paired_text_difference("chrf", bad, good).high < 0
    assert is_tie(paired_text_difference("chrf", bad, bad))


def test_a_metric_that_is_undefined_for_one_has_no_difference():
    constant = numbers(0, 0)
    same = NumberPredictions(constant.ids, constant.texts, constant.expected, np.zeros(N_ROWS))
    assert paired_metric_difference("pearson", constant, same) is None
    one_class = classes(1.0, 1, labels=("only",))
    assert paired_metric_difference("matthews_correlation", one_class, one_class) is None


def test_any_metric_of_rows_can_be_compared():
    rows = np.arange(N_ROWS, dtype=np.float64)
    largest = bootstrap_difference(
        lambda drawn: np.where(drawn > 0, rows, -1).max(axis=1), lambda drawn: np.zeros(len(drawn)), n_rows=N_ROWS
    )
    assert largest.value == N_ROWS - 1
    assert 50 < largest.low <= largest.high == N_ROWS - 1


def test_other_rows_are_refused():
    with pytest.raises(ValueError, match="not results of the same rows"):
        paired_difference([1, 0], [1, 0, 1])
    with pytest.raises(ValueError, match="not results of the same rows"):
        paired_difference([], [])
    with pytest.raises(ValueError, match="not finite"):
        paired_difference([1.0, np.nan], [0.0, 0.0])
    with pytest.raises(ValueError, match="not measured on the same rows"):
        paired_metric_difference("f1", classes(0.9, 1), classes(0.9, 1, unknown=3))
    with pytest.raises(RecipeError, match="accuracy"):
        paired_metric_difference("acuracy", classes(0.9, 1), classes(0.8, 1))
