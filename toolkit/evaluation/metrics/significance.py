"""Exact and adjusted p-values: McNemar's test of two candidates, and Holm's correction of several tests."""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import binomtest


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p-value of McNemar's test: two candidates are right equally often.

    Rows on which both are right, or both wrong, say nothing of it. Of the others each candidate is right in a half if
    the two are equal (McNemar 1947, https://doi.org/10.1007/BF02295996; the binomial form is exact).

    Args:
        only_first: number of rows on which the first alone is right.
        only_second: number of rows on which the second alone is right.
    """
    n_rows = only_first + only_second
    return float(binomtest(only_first, n_rows).pvalue) if n_rows else 1.0


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust the p-values of several tests, so that one false finding among them is as rare as in one test.

    Holm 1979 (https://www.jstor.org/stable/4615733). A test that could not be made stays None, and is not counted.
    """
    known = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, index) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        adjusted[index] = largest
    return adjusted
