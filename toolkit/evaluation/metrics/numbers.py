"""Metrics of predicted numbers, as `evaluate.Metric` classes: correlations and mean errors.

Every metric here can be computed with a weight for each row. A resample of a data set is such a weight: how often each
row was drawn. So one sort of the rows is enough for the ranks of all resamples.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from datasets import Features, Value
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.classes import chosen_metrics
from toolkit.evaluation.metrics.row_metric import RowMetric
from toolkit.evaluation.metrics.tally import check_equal_lengths

_Numbers = NDArray[np.float64]


class NumberMetric(RowMetric):
    """A metric over predicted and reference numbers ``[rows]``, for `evaluate.combine`, `add_batch` and `compute`."""

    inputs = "Numbers."
    greater_is_better: ClassVar[bool] = True
    """False if a smaller value is better."""

    @staticmethod
    @abstractmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """Compute the metric of resamples, not finite if it is undefined.

        Args:
            predictions, references: of the data set. ``[rows]``
            counts: how often each row was drawn. ``[..., rows]``

        Returns:
            ``[...]``
        """

    def columns(self) -> Features:
        """Return the types of the columns; see `RowMetric.columns`."""
        return Features({"predictions": Value("float64"), "references": Value("float64")})

    def checked(self, values: ArrayLike, name: str) -> _Numbers:
        """Check numbers; see `RowMetric.checked`."""
        return as_numbers(values, name)

    def value(self, predictions: NDArray[Any], references: NDArray[Any]) -> float | None:
        """Compute the metric over all rows; see `RowMetric.value`."""
        with np.errstate(over="ignore", invalid="ignore"):
            value = self.weighted(predictions, references, np.ones(len(predictions)))
        return float(value) if np.isfinite(value) else None


class Pearson(NumberMetric):
    """Pearson's correlation coefficient, -1 to 1: the linear relation of predictions and references."""

    key = "pearson"
    undefined = "all references, or all predictions, are the same"

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """Compute the metric of resamples; see `NumberMetric.weighted`."""
        return _correlation(predictions, references, counts)


class Spearman(NumberMetric):
    """Spearman's correlation coefficient, -1 to 1: Pearson's of the ranks of predictions and references.

    Equal numbers have the mean of their ranks.
    """

    key = "spearman"
    undefined = "all references, or all predictions, are the same"

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """Compute the metric of resamples; see `NumberMetric.weighted`."""
        return _correlation(_ranks(predictions, counts), _ranks(references, counts), counts)


class MeanSquaredError(NumberMetric):
    """The mean of the squared differences, MSE."""

    key = "mse"
    undefined = "the numbers are too large"
    greater_is_better = False

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """Compute the metric of resamples; see `NumberMetric.weighted`."""
        return np.asarray(counts @ (predictions - references) ** 2 / counts.sum(axis=-1))


class MeanAbsoluteError(NumberMetric):
    """The mean of the absolute differences, MAE."""

    key = "mae"
    undefined = "the numbers are too large"
    greater_is_better = False

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """Compute the metric of resamples; see `NumberMetric.weighted`."""
        return np.asarray(counts @ np.abs(predictions - references) / counts.sum(axis=-1))


NUMBER_METRICS: dict[str, type[NumberMetric]] = {
    metric.key: metric for metric in (Pearson, Spearman, MeanSquaredError, MeanAbsoluteError)
}

LESS_IS_BETTER = frozenset(name for name, metric in NUMBER_METRICS.items() if not metric.greater_is_better)
"""The metrics for which a smaller value is better."""


def compute_number_metrics(
    names: Sequence[str], *, predictions: ArrayLike, references: ArrayLike
) -> dict[str, float | None]:
    """Compute several metrics over the same rows.

    Args:
        names: keys of `NUMBER_METRICS`.
        predictions, references: ``[rows]``

    Returns:
        The value of each metric; None if it is undefined (`NumberMetric.undefined` is the reason).

    Raises:
        RecipeError: if a name is unknown.
        ValueError: if there are no rows, the lengths differ, or a number is not finite.
    """
    metrics = chosen_metrics(names, NUMBER_METRICS)
    predicted, expected = both_numbers(predictions, references)
    return {name: metric().value(predicted, expected) for name, metric in metrics.items()}


def both_numbers(predictions: ArrayLike, references: ArrayLike) -> tuple[_Numbers, _Numbers]:
    """Check that predictions and references are numbers of the same length, ``[rows]`` each.

    Raises:
        ValueError: if there are no rows, the lengths differ, or a number is not finite.
    """
    predicted, expected = as_numbers(predictions, "predictions"), as_numbers(references, "references")
    check_equal_lengths(predicted, expected)
    if not len(predicted):
        raise ValueError("there are no rows to evaluate")
    return predicted, expected


def as_numbers(values: ArrayLike, name: str) -> _Numbers:
    """Convert values to finite numbers, ``[rows]``.

    Args:
        values: one number a row.
        name: of the values, for errors.

    Raises:
        ValueError: for other values.
    """
    numbers = np.asarray(values)
    if numbers.ndim != 1:
        raise ValueError(f"{name} have the shape {list(numbers.shape)}; expected one number a row")
    if numbers.size and (numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all()):
        raise ValueError(f"{name} hold something else than finite numbers")
    return numbers.astype(np.float64)


def _correlation(first: _Numbers, second: _Numbers, counts: _Numbers) -> _Numbers:
    """Compute Pearson's correlation of numbers ``[rows]`` or ``[..., rows]``; NaN if it is undefined."""
    total = counts.sum(axis=-1)
    (x, x_varies), (y, y_varies) = (_centred(numbers, counts, total) for numbers in (first, second))
    covariance = (counts * x * y).sum(axis=-1)
    spread = np.sqrt((counts * x**2).sum(axis=-1) * (counts * y**2).sum(axis=-1))
    defined = x_varies & y_varies & (spread > 0)
    correlation = covariance / np.where(defined, spread, 1.0)
    return np.where(defined, np.clip(correlation, -1.0, 1.0), np.nan)


def _centred(numbers: _Numbers, counts: _Numbers, total: _Numbers) -> tuple[_Numbers, NDArray[np.bool_]]:
    """Centre numbers and scale them by the largest; also return True for resamples whose numbers differ."""
    drawn = counts > 0
    highest = np.where(drawn, numbers, -np.inf).max(axis=-1)
    lowest = np.where(drawn, numbers, np.inf).min(axis=-1)
    # Sums of scaled numbers do not overflow, and those of a constant leave no rounding error that looks like a spread.
    scale = np.maximum(np.abs(highest), np.abs(lowest))
    scaled = numbers / np.where(scale > 0, scale, 1.0)[..., np.newaxis]
    mean = (counts * scaled).sum(axis=-1) / total
    return scaled - mean[..., np.newaxis], highest > lowest


def _ranks(numbers: _Numbers, counts: _Numbers) -> _Numbers:
    """Compute the rank of each number among the drawn ones, the mean rank for equal numbers, ``[..., rows]``."""
    _, index, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    starts = np.cumsum(sizes) - sizes
    drawn = np.add.reduceat(counts[..., np.argsort(index, kind="stable")], starts, axis=-1)
    return np.asarray((np.cumsum(drawn, axis=-1) - (drawn - 1) / 2)[..., index])
