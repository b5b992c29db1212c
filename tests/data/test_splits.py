from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data.splits import count_of, few_shot, split_indices
from toolkit.errors import DataError

LABELS = st.lists(st.sampled_from("abcdef"), min_size=2, max_size=120)


def divided(labels, size, seed=0):
    rest, cut = split_indices(labels, size, seed=seed)
    return rest.tolist(), cut.tolist()


@given(labels=LABELS, data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_a_split_is_exact_disjoint_complete_and_proportional(labels, data, seed):
    size = data.draw(st.integers(1, len(labels) - 1))
    rest, cut = divided(labels, size, seed)
    assert len(cut) == size
    assert sorted(rest + cut) == list(range(len(labels)))
    assert rest == sorted(rest)
    assert cut == sorted(cut)
    counts, taken = Counter(labels), Counter(labels[row] for row in cut)
    for label, count in counts.items():
        assert abs(taken[label] - Fraction(size * count, len(labels))) < 1
    assert divided(labels, size, seed) == (rest, cut)


@given(labels=LABELS, size=st.floats(0.01, 0.5))
def test_a_fraction_is_its_number_of_rows(labels, size):
    n_rows = max(1, round(size * len(labels)))
    assert count_of(size, len(labels)) == n_rows
    if n_rows < len(labels):
        assert divided(labels, size) == divided(labels, n_rows)


def test_a_class_is_not_emptied_where_rounding_leaves_a_choice():
    labels = ["single", *["many"] * 5, *["more"] * 5]
    # Of 8 rows the single one is due 0.73, the others 3.64 each: it is first in line.
    for seed in range(20):
        rest, _ = split_indices(labels, 8, seed=seed)
        assert 0 in rest


def test_seeds_choose_other_rows_of_a_class():
    labels = ["a", "b"] * 50
    assert len({tuple(split_indices(labels, 20, seed=seed)[1]) for seed in range(5)}) == 5


def test_known_rows_stay_known():
    """The rows that a seed chooses are part of every published figure: they may never change."""
    assert divided(["a", "b"] * 6, 4)[1] == [4, 6, 9, 11]
    assert few_shot(["a", "b"] * 6, 2, seed=0) == [4, 6, 9, 11]


def test_nothing_left_is_refused():
    with pytest.raises(DataError, match="2 rows cannot be cut from 2"):
        split_indices(["a", "b"], 2, seed=0)
    assert divided(["a", "b"], 0) == ([0, 1], [])


@given(labels=LABELS, shots=st.integers(1, 30), seed=st.integers(0, 100))
def test_few_shot_takes_as_many_of_each_class_as_there_are(labels, shots, seed):
    rows = few_shot(labels, shots, seed=seed)
    assert rows == sorted(set(rows))
    expected = {label: min(shots, count) for label, count in Counter(labels).items()}
    assert Counter(labels[row] for row in rows) == expected
