"""Exact binomial bounds of a share of rows (Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from toolkit.evaluation.metrics.metric_value import MetricValue


def lower_bound(found: ArrayLike, rows: ArrayLike, *, error: float) -> NDArray[np.float64]:
    """Return what a share is at least, but for a probability of `error`, ``[...]``.

    Args:
        found: rows that count. ``[...]``
        rows: all rows, at least one. ``[...]``
        error: probability that the true share is lower.
    """
    hits, total = np.asarray(found), np.asarray(rows)
    return np.asarray(np.where(hits > 0, beta.ppf(error, np.maximum(hits, 1), total - hits + 1), 0.0))


def share(found: int, rows: int) -> MetricValue:
    """Return a share with its exact 95 % interval; without rows it has no value."""
    if not rows:
        return MetricValue(None, None, "there are no such rows")
    low = float(lower_bound(found, rows, error=0.025))
    high = 1.0 - float(lower_bound(rows - found, rows, error=0.025))
    return MetricValue(found / rows, (low, high), None)


def least_rows(asked: float, *, error: float) -> int:
    """Return how many rows show a share, if every one of them counts."""
    return math.ceil(math.log(error) / math.log(asked))


def most_shown(rows: int, *, error: float) -> float:
    """Return the largest share that so many rows can show, rounded down to three places."""
    return math.floor(1000 * error ** (1 / rows)) / 1000 if rows else 0.0
