"""Metrics for classification, as `evaluate.Metric` classes that need neither a network nor a cache.

To add one: a class here, its name in `toolkit.names`, and a comparison in the tests.

The macro averages run over the labels of the training data, each with the same weight. A row whose reference
is none of them (`UNKNOWN`) is wrong: it lowers accuracy, and the precision and F1 of the label it was given,
but adds no class to the average. A label without what its score divides by (no row has it, or none was given
it) scores 0. Both are what scikit-learn gives for `labels=range(n_labels)`, `average="macro"` and
`zero_division=0`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from datasets import Features, Value
from numpy.typing import ArrayLike, NDArray

from toolkit.errors import RecipeError, explain
from toolkit.evaluation.metrics.row_metric import RowMetric
from toolkit.evaluation.metrics.tally import UNKNOWN, Tally, count_cells, label_numbers, tally

MetricT = TypeVar("MetricT")


class ClassificationMetric(RowMetric):
    """A metric over predicted and expected label numbers, for `evaluate.combine`, `add_batch` and `compute`.

    Predictions are label numbers ``[rows]``, references the same, or `UNKNOWN`.

    Args:
        n_labels: labels of the training data.
        options: as of `RowMetric`.
    """

    inputs = "Label numbers from 0; a reference may be -1: not in the training data."

    def __init__(self, *, n_labels: int, **options: Any) -> None:
        self.n_labels = n_labels
        super().__init__(**options)

    @staticmethod
    @abstractmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """The scores whose mean is the metric, ``[..., parts]``; NaN where one is undefined."""

    def columns(self) -> Features:
        """As `RowMetric.columns`."""
        return Features({"predictions": Value("int64"), "references": Value("int64")})

    def checked(self, values: ArrayLike, name: str) -> NDArray[np.int64]:
        """As `RowMetric.checked`."""
        return label_numbers(values, name, lowest=0 if name == "predictions" else UNKNOWN, n_labels=self.n_labels)

    def value(self, predictions: NDArray[Any], references: NDArray[Any]) -> float | None:
        """As `RowMetric.value`."""
        return value_of(self.parts(tally(count_cells(predictions, references, n_labels=self.n_labels))))


class Accuracy(ClassificationMetric):
    """The share of rows that are right."""

    key = "accuracy"
    undefined = "there are no rows"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """The metric itself as the only part, ``[..., 1]``."""
        return np.asarray(totals.hits.sum(axis=-1, keepdims=True) / totals.rows)


class Precision(ClassificationMetric):
    """Macro precision: of the rows given a label, the share that has it, averaged over the labels."""

    key = "precision"
    undefined = "there are no rows"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Each label's precision, ``[..., n_labels]``."""
        return ratio(totals.hits, totals.predictions)


class Recall(ClassificationMetric):
    """Macro recall: of the rows that have a label, the share given it, averaged over the labels."""

    key = "recall"
    undefined = "no row has a label of the training data"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Each label's recall, ``[..., n_labels]``."""
        return ratio(totals.hits, totals.references)


class F1(ClassificationMetric):
    """Macro F1: the harmonic mean of precision and recall of each label, averaged over the labels."""

    key = "f1"
    undefined = "there are no rows"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Each label's F1, ``[..., n_labels]``."""
        return ratio(2 * totals.hits, totals.references + totals.predictions)


class MatthewsCorrelation(ClassificationMetric):
    """Matthews' correlation coefficient, -1 to 1, for any number of labels (Gorodkin, 2004).

    Unknown references are one more class. 0 where all rows are given the same label, as in scikit-learn;
    undefined where all rows have the same reference, which scikit-learn calls 0 even if all are right.
    """

    key = "matthews_correlation"
    undefined = "all rows have the same reference"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """The metric itself as the only part, ``[..., 1]``."""
        rows = float(totals.rows)
        expected, predicted = totals.references / rows, totals.predictions / rows
        unknown = 1.0 - expected.sum(axis=-1)
        covariance = totals.hits.sum(axis=-1) / rows - (expected * predicted).sum(axis=-1)
        spread_expected = 1.0 - (expected**2).sum(axis=-1) - unknown**2
        spread_predicted = 1.0 - (predicted**2).sum(axis=-1)
        one_reference = totals.references.max(axis=-1) == totals.rows
        one_reference |= totals.references.sum(axis=-1) == 0
        one_prediction = totals.predictions.max(axis=-1) == totals.rows
        constant = one_reference | one_prediction
        spread = np.where(constant, 1.0, spread_expected * spread_predicted)
        correlation = np.where(one_prediction, 0.0, covariance / np.sqrt(spread))
        return np.where(one_reference, np.nan, correlation)[..., np.newaxis]


METRICS: dict[str, type[ClassificationMetric]] = {
    metric.key: metric for metric in (Accuracy, F1, Precision, Recall, MatthewsCorrelation)
}


def chosen_metrics(names: Sequence[str], known: Mapping[str, MetricT]) -> dict[str, MetricT]:
    """Some of all metrics of a problem, in the order of their names.

    Raises:
        RecipeError: a name is unknown; all such names are told at once.
    """
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RecipeError(*(explain(f"unknown metric {name!r}", allowed=tuple(known), name=name) for name in unknown))
    return {name: known[name] for name in names}


def metric_classes(names: Sequence[str]) -> dict[str, type[ClassificationMetric]]:
    """The metrics of these names, in their order.

    Raises:
        RecipeError: a name is unknown; all such names are told at once.
    """
    return chosen_metrics(names, METRICS)


def compute_metrics(
    names: Sequence[str], *, predictions: ArrayLike, references: ArrayLike, n_labels: int
) -> dict[str, float | None]:
    """Several metrics over the same rows.

    Args:
        names: keys of `METRICS`.
        predictions: label numbers. ``[rows]``
        references: label numbers, or `UNKNOWN`. ``[rows]``
        n_labels: labels of the training data.

    Returns:
        Each metric's value, None where it is undefined (`ClassificationMetric.undefined` says why).

    Raises:
        RecipeError: a name is unknown.
        ValueError: the rows are not what `count_cells` takes.
    """
    metrics = metric_classes(names)
    totals = tally(count_cells(predictions, references, n_labels=n_labels))
    return {name: value_of(metric.parts(totals)) for name, metric in metrics.items()}


def value_of(parts: NDArray[np.float64]) -> float | None:
    """The mean of a metric's ``[parts]``, undefined ones counted as 0; None when all are."""
    return None if np.isnan(parts).all() else float(np.nan_to_num(parts, nan=0.0).mean())


def ratio(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide counts, ``[...]`` each, with NaN where there is nothing to divide by."""
    quotient = np.full(denominator.shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator > 0)
    return quotient
