from __future__ import annotations

import math

import pytest

from toolkit.choose.search.halving import halve, longest_first_rung, most_seconds, rungs


@pytest.mark.parametrize(
    ("n_arms", "longest", "planned"),
    [
        (0, 8.0, []),
        (1, 8.0, [(1, 1.0)]),
        (2, 8.0, [(2, 1.0), (1, 2.0)]),
        (5, 8.0, [(5, 1.0), (3, 2.0), (2, 4.0), (1, 8.0)]),
        (9, 3.0, [(9, 1.0), (5, 2.0), (3, 3.0)]),
        (4, 0.5, [(4, 0.5)]),
    ],
)
def test_rungs_until_one_is_left_or_runs_are_the_longest(n_arms: int, longest: float, planned: list[object]) -> None:
    assert rungs(n_arms, first=1.0, longest=longest) == planned


def test_the_better_half_goes_on_twice_as_long() -> None:
    worth = {"a": 1.0, "b": 4.0, "c": 3.0, "d": 2.0}
    runs = halve("abcd", first=1.0, longest=8.0, run=lambda arm, length: worth[arm] * length, quality=lambda made: made)
    assert [(arm, length) for arm, length, _ in runs] == [
        ("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0), ("b", 2.0), ("c", 2.0), ("b", 4.0),
    ]  # fmt: skip


def test_an_arm_that_fails_is_dropped_and_the_others_go_on() -> None:
    runs = halve(
        "ab", first=1.0, longest=8.0, run=lambda arm, _: -math.inf if arm == "a" else 0.5, quality=lambda made: made
    )
    assert [(arm, length) for arm, length, _ in runs] == [("a", 1.0), ("b", 1.0), ("b", 2.0)]
    assert len(halve("ab", first=1.0, longest=8.0, run=lambda *_: -math.inf, quality=lambda made: made)) == 2


def test_the_most_that_it_takes_is_counted_by_hand() -> None:
    # three arms of 1, 2 and 3 seconds an epoch: all for 1 epoch, the two dearest for 2, the dearest for 4
    seconds = [lambda epochs, a=a: a * epochs for a in (1.0, 2.0, 3.0)]
    assert most_seconds(seconds, first=1.0, longest=8.0) == 6.0 + 10.0 + 12.0
    assert most_seconds(seconds, first=1.0, longest=3.0) == 6.0 + 10.0 + 9.0


def test_the_first_rung_is_the_longest_that_fits() -> None:
    seconds = [lambda epochs: epochs, lambda epochs: epochs]
    lengths = (1.0, 2.0, 4.0)
    assert longest_first_rung(seconds, available=9.0, lengths=lengths, longest=8.0) == 2.0  # 2 · 2 + 4 = 8
    assert longest_first_rung(seconds, available=99.0, lengths=lengths, longest=4.0) == 2.0
    assert longest_first_rung(seconds * 4, available=99.0, lengths=lengths, longest=4.0) == 1.0
    assert longest_first_rung(seconds, available=3.9, lengths=lengths, longest=8.0) is None
