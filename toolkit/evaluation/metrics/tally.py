"""Counts of predictions by reference, from which metrics, intervals and the confusion matrix are computed.

A label is an index into the labels of the training data. A reference may also be `UNKNOWN`, a label that the training
data does not have. The prediction for such a row is always wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNKNOWN = -1


@dataclass(frozen=True)
class Cells:
    """The non-empty cells of the confusion matrix, ordered by reference, then by prediction.

    Attributes:
        references: indices of labels; unknown ones are ``n_labels``, the row below the matrix. ``[cells]``
        predictions: indices of labels. ``[cells]``
        counts: number of rows in each cell. ``[cells]``
        n_labels: number of labels of the training data.
    """

    references: NDArray[np.int64]
    predictions: NDArray[np.int64]
    counts: NDArray[np.int64]
    n_labels: int


@dataclass(frozen=True)
class Tally:
    """The totals of each label, of one data set or of many resamples of it (the leading dimensions ``...``).

    Attributes:
        hits: number of right predictions. ``[..., n_labels]``
        references: number of rows with this label. ``[..., n_labels]``
        predictions: number of rows with this prediction. ``[..., n_labels]``
        rows: number of all rows, those with an unknown reference included.
    """

    hits: NDArray[np.int64]
    references: NDArray[np.int64]
    predictions: NDArray[np.int64]
    rows: int


def count_cells(predictions: ArrayLike, references: ArrayLike, *, n_labels: int) -> Cells:
    """Count how often each prediction meets each reference.

    Args:
        predictions: indices of labels, from 0 to ``n_labels - 1``. ``[rows]``
        references: the same, or `UNKNOWN`. ``[rows]``
        n_labels: number of labels of the training data.

    Raises:
        ValueError: if the two differ in length, are empty, are not integers or are out of range.
    """
    predicted = label_numbers(predictions, "predictions", lowest=0, n_labels=n_labels)
    expected = label_numbers(references, "references", lowest=UNKNOWN, n_labels=n_labels)
    check_equal_lengths(predicted, expected)
    if not len(predicted):
        raise ValueError("there are no rows to evaluate")
    row_of_matrix = np.where(expected == UNKNOWN, n_labels, expected)
    codes, counts = np.unique(row_of_matrix * n_labels + predicted, return_counts=True)
    rows, columns = np.divmod(codes, n_labels)
    return Cells(references=rows, predictions=columns, counts=counts, n_labels=n_labels)


def tally(cells: Cells, counts: NDArray[np.int64] | None = None) -> Tally:
    """Sum the counts of cells for each label.

    Args:
        cells: of the data set.
        counts: other counts of the same cells, from resampling, ``[..., cells]``; the sum over the cells is the number
            of rows. By default those of `cells`.
    """
    counts = cells.counts if counts is None else counts
    right = cells.references == cells.predictions
    every_reference = _sum_by(cells.references, counts, cells.n_labels + 1)
    return Tally(
        hits=_sum_by(cells.references[right], counts[..., right], cells.n_labels),
        references=every_reference[..., :-1],
        predictions=_sum_by(cells.predictions, counts, cells.n_labels),
        rows=int(cells.counts.sum()),
    )


def label_numbers(values: ArrayLike, name: str, *, lowest: int, n_labels: int) -> NDArray[np.int64]:
    """Check indices of labels; no value is cast silently, as `evaluate` casts 1.5 to 1.

    Args:
        values: integers, ``[rows]``; may be empty.
        name: of the values, for errors.
        lowest: the smallest allowed index.
        n_labels: one more than the largest allowed index.

    Raises:
        ValueError: for anything else than one dimension of integers in that range.
    """
    numbers = np.asarray(values)
    if numbers.ndim != 1:
        raise ValueError(f"{name} have the shape {list(numbers.shape)}; expected one label number a row")
    if not numbers.size:
        return np.empty(0, dtype=np.int64)
    if numbers.dtype.kind not in "iu":
        raise ValueError(f"{name} are of type {numbers.dtype}; expected whole numbers, the labels' positions")
    smallest, largest = int(numbers.min()), int(numbers.max())
    if smallest < lowest or largest >= n_labels:
        wrong = smallest if smallest < lowest else largest
        raise ValueError(f"{name} hold the label number {wrong}; allowed: {lowest} to {n_labels - 1}")
    return numbers.astype(np.int64)


def check_equal_lengths(predictions: Sequence[Any] | NDArray[Any], references: Sequence[Any] | NDArray[Any]) -> None:
    """Check that there are as many predictions as references.

    Raises:
        ValueError: if the lengths differ, with both lengths.
    """
    if len(predictions) != len(references):
        raise ValueError(f"{len(predictions)} predictions, but {len(references)} references")


def _sum_by(groups: NDArray[np.int64], counts: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
    """Sum the last dimension of the counts by group: ``[..., cells]`` to ``[..., n_groups]``."""
    totals = np.zeros((*counts.shape[:-1], n_groups), dtype=np.int64)
    if groups.size:
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        totals[..., present] = np.add.reduceat(counts[..., order], starts, axis=-1)
    return totals
