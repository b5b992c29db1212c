"""Metrics of numbers against scipy and scikit-learn, on the data and on resamples of it."""

from __future__ import annotations

import warnings

import evaluate
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from toolkit.errors import RecipeError
from toolkit.evaluation.metrics.numbers import LESS_IS_BETTER, NUMBER_METRICS, Spearman, compute_number_metrics
from toolkit.names import SPECS, Problem, Task
from toolkit.tasks.text_classification.number_result import measure_numbers

NAMES = list(NUMBER_METRICS)
TIED = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40)
SMOOTH = st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 2), min_size=2, max_size=40)


def by_scipy(predictions: np.ndarray, references: np.ndarray) -> dict[str, float | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of constants, for which it gives NaN
        correlations = {
            "pearson": stats.pearsonr(predictions, references).statistic,
            "spearman": stats.spearmanr(predictions, references).statistic,
        }
    return {
        **{name: None if np.isnan(value) else float(value) for name, value in correlations.items()},
        "mse": sklearn_metrics.mean_squared_error(references, predictions),
        "mae": sklearn_metrics.mean_absolute_error(references, predictions),
    }


def test_names_agree_with_the_words_that_all_layers_share():
    assert set(NUMBER_METRICS) == set(SPECS[Task.TEXT_CLASSIFICATION].problems[Problem.REGRESSION])
    assert sorted(LESS_IS_BETTER) == ["mae", "mse"]


@given(TIED)
@example([(0, 1), (0, 2)])
@example([(1, 1), (2, 2), (3, 3)])
def test_values_of_numbers_with_ties_are_those_of_scipy(rows: list[tuple[int, int]]):
    predictions, references = np.array(rows, dtype=float).T
    ours = compute_number_metrics(NAMES, predictions=predictions, references=references)
    assert ours == pytest.approx(by_scipy(predictions, references), abs=1e-12)


@given(SMOOTH)
def test_values_of_all_numbers_are_those_of_scipy(rows: list[tuple[float, float]]):
    predictions, references = np.array(rows, dtype=float).T
    for numbers in (predictions, references):  # a spread that rounding leaves has no correlation to speak of
        assume(numbers.std() > 1e-6 * max(1e-30, np.abs(numbers).max()))
    ours = compute_number_metrics(NAMES, predictions=predictions, references=references)
    assert ours == pytest.approx(by_scipy(predictions, references), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("constant", [0.1, 0.0, -3e300, 1 / 3])
def test_constants_have_no_correlation_whatever_their_rounding(constant: float):
    found = measure_numbers(NAMES, predictions=np.full(11, constant), references=np.arange(11.0))
    for name in ("pearson", "spearman"):
        assert found[name].value is None
        assert found[name].reason == "all references, or all predictions, are the same"
        assert found[name].ci95 is None
    assert (found["mae"].value is not None) == (found["mae"].ci95 is not None)


def test_large_numbers_keep_their_correlation_and_lose_their_square():
    numbers = np.arange(1.0, 9.0) * 1e200
    found = measure_numbers(NAMES, predictions=numbers * 1.5, references=numbers)
    assert found["pearson"].value == pytest.approx(1.0)
    assert (found["mse"].value, found["mse"].reason) == (None, "the numbers are too large")


def test_intervals_are_those_of_drawing_rows_one_by_one():
    generator = np.random.default_rng(1)
    references = generator.integers(0, 6, size=50).astype(float)
    predictions = np.round(references + generator.normal(size=50), 1)
    draws = np.random.default_rng(4)
    values: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(300):
        drawn = draws.integers(50, size=50)
        for name, value in by_scipy(predictions[drawn], references[drawn]).items():
            values[name].append(value)
    found = measure_numbers(NAMES, predictions=predictions, references=references, seed=4, resamples=300)
    for name in NAMES:
        assert found[name].ci95 == pytest.approx(tuple(np.percentile(values[name], (2.5, 97.5))), abs=1e-9)
        assert found[name].ci95[0] < found[name].value < found[name].ci95[1]


def test_a_resample_of_equal_numbers_keeps_the_value():
    found = measure_numbers(["pearson", "spearman"], predictions=[1.0, 2.0], references=[1.0, 5.0])
    assert found["pearson"].to_json() == {"value": 1.0, "ci95": [1.0, 1.0]}
    assert found["spearman"].to_json() == {"value": 1.0, "ci95": [1.0, 1.0]}


def test_evaluate_gives_the_same_in_batches_and_combined():
    generator = np.random.default_rng(2)
    predictions, references = generator.normal(size=(2, 17))
    combined = evaluate.combine([metric() for metric in NUMBER_METRICS.values()])
    for start in range(0, 17, 5):
        batch = slice(start, start + 5)
        combined.add_batch(predictions=predictions[batch], references=references[batch])
    assert combined.compute() == compute_number_metrics(NAMES, predictions=predictions, references=references)
    metric = Spearman()
    for prediction, reference in ((1, 2), (2, 3), (3, 1.5)):
        metric.add(prediction=prediction, reference=reference)
    assert metric.compute() == {"spearman": pytest.approx(-0.5)}


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ([1.0], [1.0, 2.0], "1 predictions, but 2 references"),
        ([[1.0]], [1.0], r"predictions have the shape \[1, 1\]"),
        ([1.0], [float("nan")], "references hold something else than finite numbers"),
        (["1"], [1.0], "predictions hold something else"),
        ([True], [1.0], "predictions hold something else"),
        ([], [], "there are no rows"),
    ],
)
def test_what_is_no_number_is_refused(predictions: object, references: object, message: str):
    with pytest.raises(ValueError, match=message):
        measure_numbers(NAMES, predictions=predictions, references=references)


def test_unknown_names_are_told():
    with pytest.raises(RecipeError, match="unknown metric 'r2'"):
        compute_number_metrics(["r2"], predictions=[1.0], references=[1.0])
