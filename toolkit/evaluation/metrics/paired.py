"""The difference of two candidates on the same rows, with its interval from a paired bootstrap.

Both are measured on the same resamples (Efron 1979, https://doi.org/10.1214/aos/1176344552; Koehn 2004,
https://aclanthology.org/W04-3250/). Rows that are hard for both cancel out, so the difference is known far better than
either value. `toolkit.evaluation.metrics.intervals` draws the rows; a metric is computed from how often each row was
drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.intervals import drawn_counts, drawn_rows, interval_of

RESAMPLES = 2000

_MOST_KEPT = 2**23  # counts of resamples that are kept for the next comparison: 64 MiB

Drawn: TypeAlias = NDArray[np.float64]
"""How often each row was drawn, ``[resamples, rows]``."""
Metric: TypeAlias = Callable[[Drawn], NDArray[np.float64]]
"""The metric of a candidate on resamples, ``[resamples]``; not finite if it is undefined."""


@dataclass(frozen=True, eq=False)
class OnResamples:
    """A metric of one candidate, on all rows and on resamples of them that other candidates share.

    Attributes:
        value: on all rows; NaN where it is undefined.
        values: on resamples; where one is undefined, the value or difference on all rows stands for it. ``[resamples]``
    """

    value: float
    values: NDArray[np.float64]

    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval; None where the metric is undefined."""
        if not np.isfinite(self.value):
            return None
        return interval_of(np.where(np.isfinite(self.values), self.values, self.value))

    def minus(self, other: OnResamples) -> Difference | None:
        """Return by how much this candidate's value is greater than another's; None where one is undefined."""
        observed = self.value - other.value
        return Difference(observed, *interval_of(self._drawn_above(other))) if np.isfinite(observed) else None

    def p_value(self, other: OnResamples) -> float | None:
        """Return the two-sided p-value of no difference, twice the share of resamples beyond 0; None as of `minus`.

        It is the smallest level whose percentile interval leaves out 0 (Efron & Tibshirani 1993, section 15.4). The
        data themselves count as a resample, so it is never 0 (Davison & Hinkley 1997, section 4.2).
        """
        if not np.isfinite(self.value - other.value):
            return None
        differences = self._drawn_above(other)
        beyond = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
        return min(1.0, 2 * (int(beyond) + 1) / (len(differences) + 1))

    def _drawn_above(self, other: OnResamples) -> NDArray[np.float64]:
        differences = self.values - other.values
        return np.where(np.isfinite(differences), differences, self.value - other.value)


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
    a, b = (resampled(metric, n_rows=n_rows, n=n, seed=seed) for metric in (first, second))
    return a.minus(b)


def resampled(metric: Metric, *, n_rows: int, n: int = RESAMPLES, seed: int = 0) -> OnResamples:
    """Compute a metric on all rows and on resamples; arguments as of `bootstrap_difference`."""
    blocks = _kept_draws(n_rows, seed, n) if n * n_rows <= _MOST_KEPT else drawn_rows(n_rows, seed=seed, resamples=n)
    return OnResamples(float(metric(np.ones((1, n_rows)))[0]), np.concatenate([metric(drawn) for drawn in blocks]))


@lru_cache(maxsize=1)
def _kept_draws(n_rows: int, seed: int, n: int) -> tuple[Drawn, ...]:
    """Return resamples; many candidates are compared on the same rows, and drawing takes longer than measuring."""
    return tuple(drawn_rows(n_rows, seed=seed, resamples=n))


def resample_together(
    candidates: Sequence[Sequence[Metric]], counts: NDArray[np.int64], *, n: int = RESAMPLES, seed: int = 0
) -> list[list[OnResamples]]:
    """Compute several metrics of several candidates on the same resamples.

    Args:
        candidates: of each metric a function a candidate. ``[metrics][candidates]``
        counts: number of rows of each kind that the functions tell apart. ``[kinds]``
        n, seed: see `paired_difference`.

    Returns:
        ``[metrics][candidates]``
    """
    whole = counts[np.newaxis].astype(np.float64)
    drawn: list[list[NDArray[np.float64]]] = [[] for _ in candidates]
    for block in drawn_counts(counts, seed=seed, resamples=n) if candidates else ():
        floats = block.astype(np.float64)
        for metrics, of_blocks in zip(candidates, drawn, strict=True):
            of_blocks.append(np.stack([metric(floats) for metric in metrics]))
    return [
        [
            OnResamples(float(metric(whole)[0]), values)
            for metric, values in zip(metrics, np.concatenate(of_blocks, axis=1), strict=True)
        ]
        for metrics, of_blocks in zip(candidates, drawn, strict=True)
    ]


def _mean(rows: NDArray[np.float64], drawn: Drawn) -> NDArray[np.float64]:
    return np.asarray(drawn @ rows / len(rows))
