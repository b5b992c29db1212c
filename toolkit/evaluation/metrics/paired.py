"""The difference of two candidates on the same rows, with its interval from a paired bootstrap.

Both are measured on the same resamples (Efron 1979, https://doi.org/10.1214/aos/1176344552; Koehn 2004,
https://aclanthology.org/W04-3250/). Rows that are hard for both cancel out, so the difference is known far better than
either value. `toolkit.evaluation.metrics.intervals` draws the rows; a metric is computed from how often each row was
drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of

RESAMPLES = 2000

_MOST_KEPT = 2**23  # counts of resamples that are kept for the next comparison: 64 MiB

Drawn: TypeAlias = NDArray[np.float64]
"""How often each row was drawn, ``[resamples, rows]``."""
Metric: TypeAlias = Callable[[Drawn], NDArray[np.float64]]
"""The metric of a candidate on resamples, ``[resamples]``; not finite if it is undefined."""


@dataclass(frozen=True)
class Difference:
    """The difference between a first candidate and a second.

    Attributes:
        value: above 0 if the first is better.
        low, high: the ends of the 95 % interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Resampled:
    """A metric of one candidate: on all rows, and on resamples ``[resamples]``."""

    value: float
    values: NDArray[np.float64]


def is_tie(difference: Difference) -> bool:
    """Return True if the interval contains zero, so that neither candidate is shown to be better."""
    return difference.low <= 0 <= difference.high


def paired_difference(a: ArrayLike, b: ArrayLike, *, n: int = RESAMPLES, seed: int = 0) -> Difference:
    """Compute the difference of the means of two candidates, with its interval.

    Args:
        a, b: results of each row, the greater the better: 1 if it is right, a score, or its negative loss. ``[rows]``
        n: number of resamples.
        seed: of the resamples; the same seed and number of rows draws the same rows.

    Raises:
        ValueError: if there are no rows, their numbers differ, or a number is not finite.
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
    """Compute the difference of two metrics on the same resamples, for any metric of rows.

    Args:
        first, second: the metrics of the candidates. A resample on which one is undefined gets the difference on all
            rows.
        n_rows: number of rows of the data.
        n, seed: see `paired_difference`.

    Returns:
        The difference; None if one metric is undefined on all rows.
    """
    return difference_of(*(resampled(metric, n_rows=n_rows, n=n, seed=seed) for metric in (first, second)))


def resampled(metric: Metric, *, n_rows: int, n: int = RESAMPLES, seed: int = 0) -> Resampled:
    """Compute a metric on all rows and on resamples; arguments as of `bootstrap_difference`."""
    blocks = _kept_draws(n_rows, seed, n) if n * n_rows <= _MOST_KEPT else drawn_rows(n_rows, seed=seed, resamples=n)
    return Resampled(float(metric(np.ones((1, n_rows)))[0]), np.concatenate([metric(drawn) for drawn in blocks]))


def difference_of(first: Resampled, second: Resampled) -> Difference | None:
    """Return the difference of two metrics on the same resamples; as `bootstrap_difference`."""
    observed = first.value - second.value
    if not np.isfinite(observed):
        return None
    values = first.values - second.values
    return Difference(observed, *interval_of(np.where(np.isfinite(values), values, observed)))


@lru_cache(maxsize=1)
def _kept_draws(n_rows: int, seed: int, n: int) -> tuple[Drawn, ...]:
    """Return resamples; many candidates are compared on the same rows, and drawing takes longer than measuring."""
    return tuple(drawn_rows(n_rows, seed=seed, resamples=n))


def _mean(rows: NDArray[np.float64], drawn: Drawn) -> NDArray[np.float64]:
    return np.asarray(drawn @ rows / len(rows))
