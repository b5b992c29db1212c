"""Two candidates on the same rows: how far apart they are, and whether that could be chance.

Both are measured on the same resamples (paired bootstrap; Efron 1979, Koehn 2004): what is hard for both cancels
out, so that the difference is known far better than either value. `toolkit.evaluation.metrics.intervals`
says how rows are drawn; a metric is computed from how often each row was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of

RESAMPLES = 2000

Drawn: TypeAlias = NDArray[np.float64]
"""How often each row was drawn, ``[resamples, rows]``."""
Metric: TypeAlias = Callable[[Drawn], NDArray[np.float64]]
"""A candidate's metric on resamples, ``[resamples]``; not finite where it is undefined."""


@dataclass(frozen=True)
class Difference:
    """By how much a first candidate is better than a second.

    Attributes:
        value: above 0 where the first is better.
        low, high: the ends of the 95 % interval.
    """

    value: float
    low: float
    high: float


def is_tie(difference: Difference) -> bool:
    """Whether the interval holds zero, so that neither is shown to be better."""
    return difference.low <= 0 <= difference.high


def paired_difference(a: ArrayLike, b: ArrayLike, *, n: int = RESAMPLES, seed: int = 0) -> Difference:
    """By how much the mean of one candidate's rows exceeds that of another's.

    Args:
        a, b: what each row gave, more being better: 1 where it is right, a score, less its loss. ``[rows]``
        n: resamples.
        seed: of the resamples; the same seed and number of rows draws the same rows.

    Raises:
        ValueError: there are no rows, not the same number of them, or a number is not finite.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (a, b))
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise ValueError(f"{list(first.shape)} and {list(second.shape)} are not results of the same rows")
    difference = bootstrap_difference(partial(_mean, first), partial(_mean, second), n_rows=len(first), n=n, seed=seed)
    if difference is None:
        raise ValueError("results hold numbers that are not finite, or too large to add up")
    return difference


def bootstrap_difference(
    first: Metric, second: Metric, *, n_rows: int, n: int = RESAMPLES, seed: int = 0
) -> Difference | None:
    """By how much one metric exceeds another on the same resamples, for any metric of rows.

    Args:
        first, second: of the candidates. A resample on which one is undefined keeps the difference of all rows.
        n_rows: rows of the data.
        n, seed: as of `paired_difference`.

    Returns:
        None where one is undefined on all rows.
    """
    every_row = np.ones((1, n_rows))
    observed = float((first(every_row) - second(every_row))[0])
    if not np.isfinite(observed):
        return None
    blocks = drawn_rows(n_rows, seed=seed, resamples=n)
    values = np.concatenate([first(drawn) - second(drawn) for drawn in blocks])
    return Difference(observed, *interval_of(np.where(np.isfinite(values), values, observed)))


def _mean(rows: NDArray[np.float64], drawn: Drawn) -> NDArray[np.float64]:
    return np.asarray(drawn @ rows / len(rows))
