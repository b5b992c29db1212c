"""Paired differences against what statistics says of them, and what must hold of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.evaluation.metrics.difference import Difference, is_tie
from toolkit.evaluation.metrics.paired import bootstrap_difference, paired_difference

N_ROWS = 60


def test_the_interval_of_a_mean_is_that_of_the_rows_differences():
    generator = np.random.default_rng(0)
    a = generator.standard_normal(400)
    b = a + 0.1 * generator.standard_normal(400) - 0.03
    found = paired_difference(a, b)
    # The rows are far apart, their differences near to each other: the interval is that of the differences.
    error = (a - b).std(ddof=1) / 20
    assert found.value == pytest.approx((a - b).mean())
    assert (found.low, found.high) == pytest.approx((found.value - 1.96 * error, found.value + 1.96 * error), abs=1e-3)
    assert not is_tie(found)
    assert is_tie(paired_difference(a, b[::-1]))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40))
def test_differences_turn_around_and_equal_results_tie(pairs):
    a, b = np.array(pairs).T
    one, other = paired_difference(a, b, n=200), paired_difference(b, a, n=200)
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low))
    assert is_tie(one) == is_tie(other)
    assert paired_difference(a, a, n=50) == Difference(0, 0, 0)
    assert paired_difference(a, b, n=50, seed=1) == paired_difference(a, b, n=50, seed=1)


def test_any_metric_of_rows_can_be_compared():
    rows = np.arange(N_ROWS, dtype=np.float64)
    largest = bootstrap_difference(
        lambda drawn: np.where(drawn > 0, rows, -1).max(axis=1), lambda drawn: np.zeros(len(drawn)), n_rows=N_ROWS
    )
    assert largest.value == N_ROWS - 1
    assert 50 < largest.low <= largest.high == N_ROWS - 1


def test_other_rows_are_refused():
    with pytest.raises(ValueError, match="not results of the same rows"):
        paired_difference([1, 0], [1, 0, 1])
    with pytest.raises(ValueError, match="not results of the same rows"):
        paired_difference([], [])
    with pytest.raises(ValueError, match="not finite"):
        paired_difference([1.0, np.nan], [0.0, 0.0])
