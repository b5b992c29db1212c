"""Neighbours of texts among their features: texts that are nearly the same, and texts that are like no other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR = 0.95
"""Cosine of centred features from which two texts are nearly the same; docs/experiments.md has the measurement."""

NEIGHBOURS = 10
"""Neighbours to which the distance of a text is averaged."""

_FAR_OUT = 3.0  # times the interquartile range above the third quartile: Tukey's "far out" (1977)
_ROWS, _COLUMNS = 512, 8_192  # of a block of similarities, 16 MiB


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Neighbours of each text.

    Attributes:
        twin: the first earlier text that is nearly the same; -1 without one. ``[texts]``
        similarity: the cosine of both; 0 without one. ``[texts]``
        is_outlier: whether the text is far from its nearest neighbours, compared with the other texts. ``[texts]``
        distance: 1 minus the mean cosine to the nearest neighbours. ``[texts]``
    """

    twin: NDArray[np.int64]
    similarity: NDArray[np.float32]
    is_outlier: NDArray[np.bool_]
    distance: NDArray[np.float32]


def find_neighbours(features: NDArray[np.float32], *, near: float = NEAR) -> Neighbours:
    """Compare each text with all others, block by block: memory grows with the texts, never with their square.

    Features are centred first: the states of many models have a large part in common, which makes all cosines large
    (Ethayarajh 2019, https://arxiv.org/abs/1909.00512).

    Args:
        features: ``[texts, dim]``.
        near: cosine from which two texts are nearly the same.
    """
    n_texts = len(features)
    n_nearest = min(NEIGHBOURS, n_texts - 1)
    if n_nearest < 1:
        return _alone(n_texts)
    unit = features - features.mean(axis=0, dtype=np.float64).astype(np.float32)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    twin = np.full(n_texts, -1, dtype=np.int64)
    similarity, distance = np.zeros(n_texts, dtype=np.float32), np.zeros(n_texts, dtype=np.float32)
    for start in range(0, n_texts, _ROWS):
        rows = np.arange(start, min(start + _ROWS, n_texts))
        nearest = np.empty((len(rows), 0), dtype=np.float32)
        for begin in range(0, n_texts, _COLUMNS):
            columns = np.arange(begin, min(begin + _COLUMNS, n_texts))
            cosines = unit[rows] @ unit[columns].T
            cosines[rows[:, None] == columns] = -1.0  # itself
            earlier = (cosines >= near) & (columns < rows[:, None])
            found = earlier.any(axis=1) & (twin[rows] < 0)
            first = earlier.argmax(axis=1)
            twin[rows[found]] = columns[first[found]]
            similarity[rows[found]] = cosines[found, first[found]]
            joined = np.concatenate([nearest, cosines], axis=1)
            nearest = -np.partition(-joined, min(n_nearest, joined.shape[1]) - 1, axis=1)[:, :n_nearest]
        distance[rows] = 1.0 - nearest.mean(axis=1)
    return Neighbours(twin, similarity, _far_out(distance), distance)


def _alone(n_texts: int) -> Neighbours:
    nothing = np.zeros(n_texts, dtype=np.float32)
    return Neighbours(np.full(n_texts, -1, dtype=np.int64), nothing, np.zeros(n_texts, dtype=bool), nothing)


def _far_out(distance: NDArray[np.float32]) -> NDArray[np.bool_]:
    low, high = np.percentile(distance, [25, 75])
    return np.asarray(distance > high + _FAR_OUT * max(high - low, 1e-6))
