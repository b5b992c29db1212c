"""Metrics for classification, as `evaluate.Metric` classes that need neither a network nor a cache.

To add one: a class here, its name in `toolkit.names`, and a comparison in the tests.

Macro averages are means over the labels of the training data. An example whose reference is none of them (`UNKNOWN`)
is wrong: it lowers accuracy, and the precision and F1 of its prediction, but adds no label to the average. The score of
a label whose denominator is 0 (no reference, or no prediction, is this label) counts as 0. Both are as in scikit-learn
with `labels=range(n_labels)`, `average="macro"` and `zero_division=0`.
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
    """A metric over predicted and reference labels, for `evaluate.combine`, `add_batch` and `compute`.

    Predictions are indices of labels ``[rows]``, references the same, or `UNKNOWN`.

    Args:
        n_labels: number of labels of the training data.
        options: of `RowMetric`.
    """

    inputs = "Label numbers from 0; a reference may be -1: not in the training data."

    def __init__(self, *, n_labels: int, **options: Any) -> None:
        self.n_labels = n_labels
        super().__init__(**options)

    @staticmethod
    @abstractmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Compute the scores whose mean is the metric, ``[..., parts]``; NaN for an undefined one."""

    def columns(self) -> Features:
        """Return the types of the columns; see `RowMetric.columns`."""
        return Features({"predictions": Value("int64"), "references": Value("int64")})

    def checked(self, values: ArrayLike, name: str) -> NDArray[np.int64]:
        """Check indices of labels; see `RowMetric.checked`."""
        return label_numbers(values, name, lowest=0 if name == "predictions" else UNKNOWN, n_labels=self.n_labels)

    def value(self, predictions: NDArray[Any], references: NDArray[Any]) -> float | None:
        """Compute the metric over all rows; see `RowMetric.value`."""
        return value_of(self.parts(tally(count_cells(predictions, references, n_labels=self.n_labels))))


class Accuracy(ClassificationMetric):
    """Accuracy: the share of examples whose prediction is the reference."""

    key = "accuracy"
    undefined = "there are no rows"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Compute the metric as the only part, ``[..., 1]``."""
        return np.asarray(totals.hits.sum(axis=-1, keepdims=True) / totals.rows)


class Precision(ClassificationMetric):
    """Macro precision: the share of right predictions among those of a label, averaged over the labels."""

    key = "precision"
    undefined = "there are no rows"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Compute the precision of each label, ``[..., n_labels]``."""
        return ratio(totals.hits, totals.predictions)


class Recall(ClassificationMetric):
    """Macro recall: the share of right predictions among the references of a label, averaged over the labels."""

    key = "recall"
    undefined = "no row has a label of the training data"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Compute the recall of each label, ``[..., n_labels]``."""
        return ratio(totals.hits, totals.references)


class F1(ClassificationMetric):
    """Macro F1: the harmonic mean of precision and recall of each label, averaged over the labels."""

    key = "f1"
    undefined = "there are no rows"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Compute the F1 of each label, ``[..., n_labels]``."""
        return ratio(2 * totals.hits, totals.references + totals.predictions)


class MatthewsCorrelation(ClassificationMetric):
    """Matthews' correlation coefficient, -1 to 1, for any number of labels.

    See Gorodkin 2004 (https://doi.org/10.1016/j.compbiolchem.2004.09.006). Unknown references are one more label. The
    value is 0 if all predictions are the same, as in scikit-learn. It is undefined if all references are the same;
    scikit-learn gives 0 then, even if all predictions are right.
    """

    key = "matthews_correlation"
    undefined = "all rows have the same reference"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Compute the metric as the only part, ``[..., 1]``."""
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
    """Select metrics of a problem by their names, in the order of the names.

    Raises:
        RecipeError: with all unknown names.
    """
    unknown = [name for name in names if name not in known]
    if unknown:
        raise RecipeError(*(explain(f"unknown metric {name!r}", allowed=tuple(known), name=name) for name in unknown))
    return {name: known[name] for name in names}


def metric_classes(names: Sequence[str]) -> dict[str, type[ClassificationMetric]]:
    """Return the metrics of these names, in their order.

    Raises:
        RecipeError: with all unknown names.
    """
    return chosen_metrics(names, METRICS)


def compute_metrics(
    names: Sequence[str], *, predictions: ArrayLike, references: ArrayLike, n_labels: int
) -> dict[str, float | None]:
    """Compute several metrics over the same rows.

    Args:
        names: keys of `METRICS`.
        predictions: indices of labels. ``[rows]``
        references: indices of labels, or `UNKNOWN`. ``[rows]``
        n_labels: number of labels of the training data.

    Returns:
        The value of each metric; None if it is undefined (`ClassificationMetric.undefined` is the reason).

    Raises:
        RecipeError: if a name is unknown.
        ValueError: as `count_cells`.
    """
    metrics = metric_classes(names)
    totals = tally(count_cells(predictions, references, n_labels=n_labels))
    return {name: value_of(metric.parts(totals)) for name, metric in metrics.items()}


def value_of(parts: NDArray[np.float64]) -> float | None:
    """Average a metric's ``[parts]``, with 0 for undefined ones; None if all are undefined."""
    return None if np.isnan(parts).all() else float(np.nan_to_num(parts, nan=0.0).mean())


def ratio(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide counts, ``[...]`` each, with NaN where the denominator is 0."""
    quotient = np.full(denominator.shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator > 0)
    return quotient
