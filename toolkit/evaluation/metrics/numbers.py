"""Metrics of predicted numbers, as `evaluate.Metric` classes: how they go together, and how far they are apart.

Every metric here can be computed with a weight for each row. A resample of a data set is nothing else: how often
each row was drawn. So one sort of the rows is enough for the ranks of all resamples.
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
    """A metric over predicted and expected numbers ``[rows]``, for `evaluate.combine`, `add_batch` and `compute`."""

    inputs = "Numbers."
    greater_is_better: ClassVar[bool] = True
    """Else less is."""

    @staticmethod
    @abstractmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """The metric of resamples, not finite where it is undefined.

        Args:
            predictions, references: of the data set. ``[rows]``
            counts: how often each row was drawn. ``[..., rows]``

        Returns:
            ``[...]``
        """

    def columns(self) -> Features:
        """As `RowMetric.columns`."""
        return Features({"predictions": Value("float64"), "references": Value("float64")})

    def checked(self, values: ArrayLike, name: str) -> _Numbers:
        """As `RowMetric.checked`."""
        return as_numbers(values, name)

    def value(self, predictions: NDArray[Any], references: NDArray[Any]) -> float | None:
        """As `RowMetric.value`."""
        with np.errstate(over="ignore", invalid="ignore"):
            value = self.weighted(predictions, references, np.ones(len(predictions)))
        return float(value) if np.isfinite(value) else None


class Pearson(NumberMetric):
    """Pearson's correlation coefficient, -1 to 1: how near predictions and references are to a straight line."""

    key = "pearson"
    undefined = "all references, or all predictions, are the same"

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """As `NumberMetric.weighted`."""
        return _correlation(predictions, references, counts)


class Spearman(NumberMetric):
    """Spearman's correlation coefficient, -1 to 1: whether predictions and references rank the rows alike.

    Equal numbers share the mean of their ranks.
    """

    key = "spearman"
    undefined = "all references, or all predictions, are the same"

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """As `NumberMetric.weighted`."""
        return _correlation(_ranks(predictions, counts), _ranks(references, counts), counts)


class MeanSquaredError(NumberMetric):
    """The mean of the squared differences."""

    key = "mse"
    undefined = "the numbers are too large"
    greater_is_better = False

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """As `NumberMetric.weighted`."""
        return np.asarray(counts @ (predictions - references) ** 2 / counts.sum(axis=-1))


class MeanAbsoluteError(NumberMetric):
    """The mean of the differences, whatever their sign."""

    key = "mae"
    undefined = "the numbers are too large"
    greater_is_better = False

    @staticmethod
    def weighted(predictions: _Numbers, references: _Numbers, counts: _Numbers) -> _Numbers:
        """As `NumberMetric.weighted`."""
        return np.asarray(counts @ np.abs(predictions - references) / counts.sum(axis=-1))


NUMBER_METRICS: dict[str, type[NumberMetric]] = {
    metric.key: metric for metric in (Pearson, Spearman, MeanSquaredError, MeanAbsoluteError)
}

LESS_IS_BETTER = frozenset(name for name, metric in NUMBER_METRICS.items() if not metric.greater_is_better)
"""The metrics here of which less is better."""


def compute_number_metrics(
    names: Sequence[str], *, predictions: ArrayLike, references: ArrayLike
) -> dict[str, float | None]:
    """Several metrics over the same rows.

    Args:
        names: keys of `NUMBER_METRICS`.
        predictions, references: ``[rows]``

    Returns:
        Each metric's value, None where it is undefined (`NumberMetric.undefined` says why).

    Raises:
        RecipeError: a name is unknown.
        ValueError: there are no rows, the lengths differ, or a number is not finite.
    """
    metrics = chosen_metrics(names, NUMBER_METRICS)
    predicted, expected = both_numbers(predictions, references)
    return {name: metric().value(predicted, expected) for name, metric in metrics.items()}


def both_numbers(predictions: ArrayLike, references: ArrayLike) -> tuple[_Numbers, _Numbers]:
    """Predictions and references as numbers that can be compared, ``[rows]`` each.

    Raises:
        ValueError: there are no rows, the lengths differ, or a number is not finite.
    """
    predicted, expected = as_numbers(predictions, "predictions"), as_numbers(references, "references")
    check_equal_lengths(predicted, expected)
    if not len(predicted):
        raise ValueError("there are no rows to evaluate")
    return predicted, expected


def as_numbers(values: ArrayLike, name: str) -> _Numbers:
    """Finite numbers, ``[rows]``.

    Args:
        values: one number a row.
        name: what they are called in errors.

    Raises:
        ValueError: they are something else.
    """
    numbers = np.asarray(values)
    if numbers.ndim != 1:
        raise ValueError(f"{name} have the shape {list(numbers.shape)}; expected one number a row")
    if numbers.size and (numbers.dtype.kind not in "iuf" or not np.isfinite(numbers).all()):
        raise ValueError(f"{name} hold something else than finite numbers")
    return numbers.astype(np.float64)


def _correlation(first: _Numbers, second: _Numbers, counts: _Numbers) -> _Numbers:
    """Pearson's, of numbers ``[rows]`` or ``[..., rows]``."""
    total = counts.sum(axis=-1)
    (one, varies), (other, other_varies) = (_centred(numbers, counts, total) for numbers in (first, second))
    covariance = (counts * one * other).sum(axis=-1)
    spread = np.sqrt((counts * one**2).sum(axis=-1) * (counts * other**2).sum(axis=-1))
    defined = varies & other_varies & (spread > 0)
    correlation = covariance / np.where(defined, spread, 1.0)
    return np.where(defined, np.clip(correlation, -1.0, 1.0), np.nan)


def _centred(numbers: _Numbers, counts: _Numbers, total: _Numbers) -> tuple[_Numbers, NDArray[np.bool_]]:
    """Numbers less their mean, in units of their largest, and whether those that were drawn differ at all."""
    drawn = counts > 0
    highest = np.where(drawn, numbers, -np.inf).max(axis=-1)
    lowest = np.where(drawn, numbers, np.inf).min(axis=-1)
    # From numbers of one size sums neither overflow nor, of a constant, leave a rest that looks like a spread.
    scale = np.maximum(np.abs(highest), np.abs(lowest))
    scaled = numbers / np.where(scale > 0, scale, 1.0)[..., np.newaxis]
    mean = (counts * scaled).sum(axis=-1) / total
    return scaled - mean[..., np.newaxis], highest > lowest


def _ranks(numbers: _Numbers, counts: _Numbers) -> _Numbers:
    """The rank of each number among those that were drawn, the mean rank of equal ones, ``[..., rows]``."""
    _, place, sizes = np.unique(numbers, return_inverse=True, return_counts=True)
    starts = np.cumsum(sizes) - sizes
    drawn = np.add.reduceat(counts[..., np.argsort(place, kind="stable")], starts, axis=-1)
    return np.asarray((np.cumsum(drawn, axis=-1) - (drawn - 1) / 2)[..., place])
