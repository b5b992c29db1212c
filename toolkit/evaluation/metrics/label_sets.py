"""Metrics of label sets, several labels an example, as `evaluate.Metric` classes.

`f1`, `precision` and `recall` are macro averages as in `toolkit.evaluation.metrics.classes`, and as in scikit-learn
with `average="macro"` and `zero_division=0`. A label that the training data does not have is always missed: it lowers
`f1_micro`, and its rows are no exact matches.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Features, Value
from datasets import Sequence as ListOf
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.classes import F1, Precision, Recall, chosen_metrics, ratio, value_of
from toolkit.evaluation.metrics.row_metric import RowMetric
from toolkit.evaluation.metrics.tally import Tally, check_equal_lengths


@dataclass(frozen=True)
class SetTally(Tally):
    """The totals of each label, as in `Tally`, and of all rows.

    Attributes:
        exact: number of rows whose decisions are all right. ``[...]``
        unknown: number of references that the training data does not have. ``[...]``
    """

    exact: NDArray[np.int64]
    unknown: NDArray[np.int64]


def tally_sets(
    predictions: NDArray[np.bool_],
    references: NDArray[np.bool_],
    *,
    unknown: NDArray[np.int64] | None = None,
) -> SetTally:
    """Count the totals of a data set.

    Args:
        predictions, references: True for the labels of each row. ``[rows, n_labels]``
        unknown: number of references of each row that the training data does not have; None: there are none. ``[rows]``
    """
    missed = np.zeros(len(references), dtype=np.int64) if unknown is None else unknown
    return SetTally(
        hits=(predictions & references).sum(axis=0),
        references=references.sum(axis=0),
        predictions=predictions.sum(axis=0),
        rows=len(references),
        exact=((predictions == references).all(axis=1) & (missed == 0)).sum(),
        unknown=missed.sum(),
    )


class LabelSetMetric(RowMetric):
    """A metric over predicted and reference sets of labels, for `evaluate.combine`, `add_batch` and `compute`.

    Predictions and references hold 1 or 0 for each label: ``[rows, n_labels]``.
    """

    inputs = "For each row 1 or 0 for each label of the training data."
    undefined = "there are no rows"

    @staticmethod
    @abstractmethod
    def parts(totals: SetTally) -> NDArray[np.float64]:
        """Compute the scores whose mean is the metric, ``[..., parts]``; NaN for an undefined one."""

    def columns(self) -> Features:
        """Return the types of the columns; see `RowMetric.columns`."""
        return Features({name: ListOf(Value("int64")) for name in ("predictions", "references")})

    def checked(self, values: ArrayLike, name: str) -> NDArray[np.int64]:
        """Check sets of labels; see `RowMetric.checked`."""
        return as_sets(values, name).astype(np.int64)

    def value(self, predictions: NDArray[Any], references: NDArray[Any]) -> float | None:
        """Compute the metric over all rows; see `RowMetric.value`."""
        return value_of(self.parts(tally_sets(predictions == 1, references == 1)))


class LabelSetPrecision(LabelSetMetric):
    """Macro precision: the share of right predictions among those of a label, averaged over the labels."""

    key = Precision.key
    undefined = "no row was given a label"
    parts = staticmethod(Precision.parts)


class LabelSetRecall(LabelSetMetric):
    """Macro recall: the share of right predictions among the references of a label, averaged over the labels."""

    key = Recall.key
    undefined = "no row has a label of the training data"
    parts = staticmethod(Recall.parts)


class LabelSetF1(LabelSetMetric):
    """Macro F1: the harmonic mean of precision and recall of each label, averaged over the labels."""

    key = F1.key
    undefined = "no row has a label, and none was given one"
    parts = staticmethod(F1.parts)


class MicroF1(LabelSetMetric):
    """Micro F1: the harmonic mean of precision and recall over all decisions together."""

    key = "f1_micro"
    undefined = "no row has a label, and none was given one"

    @staticmethod
    def parts(totals: SetTally) -> NDArray[np.float64]:
        """Compute the metric as the only part, ``[..., 1]``."""
        expected = totals.references.sum(axis=-1) + totals.unknown
        found = np.asarray(2 * totals.hits.sum(axis=-1))
        return ratio(found, np.asarray(expected + totals.predictions.sum(axis=-1)))[..., np.newaxis]


class ExactMatch(LabelSetMetric):
    """Exact match: the share of rows whose predicted set of labels is the reference set."""

    key = "exact_match"

    @staticmethod
    def parts(totals: SetTally) -> NDArray[np.float64]:
        """Compute the metric as the only part, ``[..., 1]``."""
        return np.asarray(totals.exact / totals.rows)[..., np.newaxis]


LABEL_SET_METRICS: dict[str, type[LabelSetMetric]] = {
    metric.key: metric for metric in (LabelSetF1, MicroF1, ExactMatch, LabelSetPrecision, LabelSetRecall)
}


def compute_label_set_metrics(
    names: Sequence[str],
    *,
    predictions: ArrayLike,
    references: ArrayLike,
    unknown: NDArray[np.int64] | None = None,
) -> dict[str, float | None]:
    """Compute several metrics over the same rows.

    Args:
        names: keys of `LABEL_SET_METRICS`.
        predictions, references: 1 for the labels of each row, else 0. ``[rows, n_labels]``
        unknown: number of references of each row that the training data does not have; None: there are none. ``[rows]``

    Returns:
        The value of each metric; None if it is undefined.

    Raises:
        RecipeError: if a name is unknown.
        ValueError: if there are no rows, or the shapes differ.
    """
    metrics = chosen_metrics(names, LABEL_SET_METRICS)
    predicted, expected = both_sets(predictions, references)
    totals = tally_sets(predicted, expected, unknown=unknown)
    return {name: value_of(metric.parts(totals)) for name, metric in metrics.items()}


def both_sets(predictions: ArrayLike, references: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Check that predictions and references are sets of labels of the same shape, ``[rows, n_labels]`` each.

    Raises:
        ValueError: if there are no rows, or the shapes differ.
    """
    predicted, expected = as_sets(predictions, "predictions"), as_sets(references, "references")
    check_equal_lengths(predicted, expected)
    if not len(predicted):
        raise ValueError("there are no rows to evaluate")
    if predicted.shape != expected.shape:
        raise ValueError(f"predictions have {predicted.shape[1]} labels a row, references {expected.shape[1]}")
    return predicted, expected


def as_sets(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    """Convert values to sets of labels, ``[rows, n_labels]``, True for the labels of each row.

    Args:
        values: True or False, or 1 or 0, for each row and label.
        name: of the values, for errors.

    Raises:
        ValueError: for other values.
    """
    numbers = np.asarray(values)
    if numbers.ndim != 2:
        raise ValueError(f"{name} have the shape {list(numbers.shape)}; expected 1 or 0 for each row and label")
    if numbers.dtype.kind not in "biuf" or not np.isin(numbers, (0, 1)).all():
        raise ValueError(f"{name} hold something else than 1 and 0")
    return np.asarray(numbers == 1)
