"""Confident learning: labels that the other rows contradict (Northcutt et al. 2021, https://arxiv.org/abs/1911.00068)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """Rows whose label is probably wrong.

    Attributes:
        rows: their indices, the most certain error first.
        suggested: the label that the other rows suggest for each of `rows`.
        share: the estimated share of wrong labels among all rows.
    """

    rows: NDArray[np.int64]
    suggested: NDArray[np.int64]
    share: float


def find_label_errors(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> LabelErrors:
    """Find rows whose label is probably wrong: the paper's "prune by noise rate", ranked by normalised margin.

    The estimated joint distribution of given and true labels says how many rows of label i are truly j. As many rows
    of label i, those with the largest margin of j over i, are listed. A row is not listed if its label is the most
    probable one.

    Args:
        labels: the given labels. ``[rows]``
        probabilities: of each label, by models that have not seen the row's own label. ``[rows, labels]``
    """
    n_labels = probabilities.shape[1]
    counts = _calibrated(_confident_joint(labels, probabilities), np.bincount(labels, minlength=n_labels))
    own = probabilities[np.arange(len(labels)), labels]
    is_listed = np.zeros(len(labels), dtype=bool)
    for given, true in zip(*np.nonzero(counts), strict=True):
        if given != true:
            rows = np.flatnonzero(labels == given)
            margin = probabilities[rows, true] - own[rows]
            is_listed[rows[np.argsort(-margin, kind="stable")[: counts[given, true]]]] = True
    best = probabilities.argmax(axis=1)
    rows = np.flatnonzero(is_listed & (best != labels))
    rows = rows[np.argsort(own[rows] - probabilities[rows, best[rows]], kind="stable")]
    share = 1 - np.trace(counts) / max(1, counts.sum())
    return LabelErrors(rows, best[rows], float(share))


def _confident_joint(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count rows by given label and by the most probable label among those above their thresholds.

    The threshold of a label is the mean probability of it among the rows that have it (equations 1 and 2).
    """
    n_labels = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    sizes = np.bincount(labels, minlength=n_labels)
    thresholds = np.bincount(labels, weights=own, minlength=n_labels) / np.maximum(1, sizes)
    thresholds[sizes == 0] = np.inf
    # Sums of the same probabilities in another order differ in the last places.
    above = probabilities >= thresholds - 1e-6
    confident = np.where(above, probabilities, -1.0).argmax(axis=1)
    counted = above.any(axis=1)
    joint = np.zeros((n_labels, n_labels), dtype=np.int64)
    np.add.at(joint, (labels[counted], confident[counted]), 1)
    return joint


def _calibrated(joint: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Scale the joint so that each given label has as many rows as there are, in whole numbers (equation 3)."""
    empty = joint.sum(axis=1) == 0
    joint = joint + np.diag(empty.astype(np.int64))
    shares: NDArray[np.float64] = joint / joint.sum(axis=1, keepdims=True)
    scaled = shares * sizes[:, None]
    counts: NDArray[np.int64] = np.floor(scaled).astype(np.int64)
    for row, missing in enumerate(sizes - counts.sum(axis=1)):
        order = np.argsort(counts[row] - scaled[row], kind="stable")
        counts[row, order[:missing]] += 1
    return counts
