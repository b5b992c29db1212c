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
from collections.abc import Sequence
from typing import Any, ClassVar

import evaluate
import numpy as np
from datasets import Features, Value
from numpy.typing import ArrayLike, NDArray

from toolkit.errors import RecipeError, explain
from toolkit.evaluation.tally import UNKNOWN, Tally, check_equal_lengths, count_cells, label_numbers, tally


class ClassificationMetric(evaluate.Metric):  # type: ignore[misc]
    """A metric over predicted and expected label numbers, for `evaluate.combine`, `add_batch` and `compute`.

    Args:
        n_labels: labels of the training data.
        keep_in_memory: collect the rows in memory; False, for several processes, in files under `HF_HOME`.
        seed: for `evaluate`, which else takes one from numpy's global state; no metric here draws numbers.
        options: the other arguments of `evaluate.Metric`.
    """

    key: ClassVar[str]
    """The metric's name in recipes and results."""
    undefined: ClassVar[str]
    """Why the metric has no value on some data, for reports."""

    def __init__(self, *, n_labels: int, keep_in_memory: bool = True, seed: int = 0, **options: Any) -> None:
        self.n_labels = n_labels
        super().__init__(keep_in_memory=keep_in_memory, seed=seed, **options)

    @staticmethod
    @abstractmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """The scores whose mean is the metric, ``[..., parts]``; NaN where one is undefined."""

    def add(self, *, prediction: int | None = None, reference: int | None = None, **named: Any) -> None:
        """Add one row; `evaluate.combine` passes it as `predictions` and `references`.

        Raises:
            ValueError: as `add_batch`.
        """
        row = {"predictions": prediction, "references": reference, **named}
        self.add_batch(**{name: [value] for name, value in row.items()})

    def add_batch(self, *, predictions: ArrayLike, references: ArrayLike) -> None:
        """Add rows.

        Args:
            predictions: label numbers. ``[rows]``
            references: label numbers, or `UNKNOWN`. ``[rows]``

        Raises:
            ValueError: the lengths differ, or something is no label number.
        """
        predicted = label_numbers(predictions, "predictions", lowest=0, n_labels=self.n_labels)
        expected = label_numbers(references, "references", lowest=UNKNOWN, n_labels=self.n_labels)
        check_equal_lengths(predicted, expected)
        super().add_batch(predictions=predicted, references=expected)

    def compute(
        self, *, predictions: ArrayLike | None = None, references: ArrayLike | None = None
    ) -> dict[str, float | None] | None:
        """The metric over all rows added, those given here included.

        Returns:
            The metric under its name, None for its value where it is undefined; None alone in a process that
            is not the first.

        Raises:
            ValueError: as `add_batch`; only one of the two is given; there are no rows at all.
        """
        if (predictions is None) != (references is None):
            raise ValueError("predictions and references belong together: give both or neither")
        n_new = 0 if predictions is None else np.size(predictions)
        if n_new == 0 and len(self) == 0:
            raise ValueError("there are no rows to evaluate")
        result: dict[str, float | None] | None = super().compute(predictions=predictions, references=references)
        return result

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=self.__class__.__doc__,
            citation="",
            inputs_description="\nLabel numbers from 0; a reference may be -1: not in the training data.",
            features=Features({"predictions": Value("int64"), "references": Value("int64")}),
        )

    def _build_data_dir(self) -> str:
        # The base class makes a folder under HF_HOME even if nothing goes there, and fails where it cannot.
        return "" if self.keep_in_memory else str(super()._build_data_dir())

    def _compute(self, *, predictions: ArrayLike, references: ArrayLike) -> dict[str, float | None]:
        totals = tally(count_cells(predictions, references, n_labels=self.n_labels))
        return {self.key: value_of(self.parts(totals))}


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
        return _ratio(totals.hits, totals.predictions)


class Recall(ClassificationMetric):
    """Macro recall: of the rows that have a label, the share given it, averaged over the labels."""

    key = "recall"
    undefined = "no row has a label of the training data"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Each label's recall, ``[..., n_labels]``."""
        return _ratio(totals.hits, totals.references)


class F1(ClassificationMetric):
    """Macro F1: the harmonic mean of precision and recall of each label, averaged over the labels."""

    key = "f1"
    undefined = "there are no rows"

    @staticmethod
    def parts(totals: Tally) -> NDArray[np.float64]:
        """Each label's F1, ``[..., n_labels]``."""
        return _ratio(2 * totals.hits, totals.references + totals.predictions)


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


def metric_classes(names: Sequence[str]) -> dict[str, type[ClassificationMetric]]:
    """The metrics of these names, in their order.

    Raises:
        RecipeError: a name is unknown; all such names are told at once.
    """
    unknown = [name for name in names if name not in METRICS]
    if unknown:
        raise RecipeError(*(explain(f"unknown metric {name!r}", allowed=tuple(METRICS), name=name) for name in unknown))
    return {name: METRICS[name] for name in names}


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


def _ratio(numerator: NDArray[np.int64], denominator: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide, with NaN where there is nothing to divide by."""
    ratio = np.full(denominator.shape, np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio
