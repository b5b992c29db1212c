"""The honest result of a model that gives numbers: metrics with intervals, and how its errors are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.metrics.classes import chosen_metrics
from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json
from toolkit.evaluation.metrics.numbers import NUMBER_METRICS, both_numbers
from toolkit.tasks.text_classification.mistakes import LargeError, largest_errors

MOST_POINTS = 400
"""Rows of the scatter picture; more of them are drawn from at random."""

_POINTS_SEED = 0
_DIGITS = 6


@dataclass(frozen=True)
class ErrorSpread:
    """How far predictions are from the references.

    Attributes:
        bias: the mean of prediction minus reference.
        median: half of the predictions are off by no more, in either direction.
        p95: 95 % of the predictions are off by no more.
    """

    bias: float
    median: float
    p95: float


@dataclass(frozen=True, eq=False)
class NumberEvaluation:
    """What came out on one split.

    Attributes:
        rows: evaluated rows.
        metrics: in the order asked for.
        errors: how they are spread.
        points: reference and prediction of at most `MOST_POINTS` rows, for a picture. ``[points, 2]``
        mistakes: the rows with the largest errors.
        warnings: what makes the numbers less than they seem, one line each.
    """

    rows: int
    metrics: dict[str, MetricValue]
    errors: ErrorSpread
    points: NDArray[np.float64]
    mistakes: tuple[LargeError, ...]
    warnings: tuple[str, ...] = ()

    def samples(self) -> list[dict[str, Any]]:
        """Return the mistakes."""
        return [asdict(mistake) for mistake in self.mistakes]

    def to_json(self) -> dict[str, Any]:
        """Return the split's entry in metrics.json.

        ``{"rows", "metrics", "errors", "points": [[reference, prediction]]}``
        """
        return {
            "rows": self.rows,
            "metrics": metrics_to_json(self.metrics),
            "errors": asdict(self.errors),
            "points": [[_short(reference), _short(prediction)] for reference, prediction in self.points.tolist()],
        }


def measure_numbers(
    names: Sequence[str],
    *,
    predictions: ArrayLike,
    references: ArrayLike,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, MetricValue]:
    """Compute metrics with their intervals, for a model and its baselines alike.

    Args:
        names: keys of `toolkit.evaluation.metrics.numbers.NUMBER_METRICS`.
        predictions, references: ``[rows]``
        seed: of the intervals' resamples.
        resamples: how many to draw.

    Raises:
        RecipeError: a name is unknown.
        ValueError: there are no rows, the lengths differ, or a number is not finite.
    """
    metrics = chosen_metrics(names, NUMBER_METRICS)
    predicted, expected = both_numbers(predictions, references)
    observed = {name: metric().value(predicted, expected) for name, metric in metrics.items()}
    defined = {name: value for name, value in observed.items() if value is not None}
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in defined}
    for counts in drawn_rows(len(predicted), seed=seed, resamples=resamples) if defined else ():
        for name, value in defined.items():
            of_resamples = metrics[name].weighted(predicted, expected, counts)
            # A resample of equal numbers has no correlation; it keeps that of the full data.
            values[name].append(np.where(np.isfinite(of_resamples), of_resamples, value))
    return {
        name: MetricValue(observed[name], interval_of(np.concatenate(values[name])))
        if name in defined
        else MetricValue(None, None, metric.undefined)
        for name, metric in metrics.items()
    }


def evaluate_numbers(predictions: NumberPredictions, *, metrics: Sequence[str], seed: int = 0) -> NumberEvaluation:
    """Evaluate what a model predicted against the references.

    Args:
        predictions: with a reference in every row.
        metrics: keys of `toolkit.evaluation.metrics.numbers.NUMBER_METRICS`.
        seed: of the intervals' resamples.

    Raises:
        RecipeError: the name of a metric is unknown.
        ValueError: a row has no reference, or there are no rows.
    """
    references, predicted = predictions.expected, predictions.predicted
    measured = measure_numbers(metrics, predictions=predicted, references=references, seed=seed)
    errors = predicted - references
    median, p95 = np.percentile(np.abs(errors), [50, 95])
    n_rows = len(predictions)
    drawn = np.sort(np.random.default_rng(_POINTS_SEED).permutation(n_rows)[:MOST_POINTS])
    same = bool((references == references[0]).all())
    return NumberEvaluation(
        rows=n_rows,
        metrics=measured,
        errors=ErrorSpread(float(errors.mean()), float(median), float(p95)),
        points=np.stack([references, predicted], axis=1)[drawn],
        mistakes=largest_errors(predictions),
        warnings=(f"all {n_rows} rows have the score {references[0]:g}",) if same and n_rows > 1 else (),
    )


def _short(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
