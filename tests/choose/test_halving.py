from __future__ import annotations

import math

import pytest

from toolkit.choose.halving import halve, longest_first_rung, most_seconds, n_rungs


@pytest.mark.parametrize(("n_arms", "n"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (8, 4)])
def test_rungs_until_one_is_left(n_arms: int, n: int) -> None:
    assert n_rungs(n_arms) == n


def test_the_better_half_goes_on_twice_as_long() -> None:
    worth = {"a": 1.0, "b": 4.0, "c": 3.0, "d": 2.0}
    runs = halve("abcd", first=1.0, run=lambda arm, length: worth[arm] * length, quality=lambda result: result)
    assert [(arm, length) for arm, length, _ in runs] == [
        ("a", 1.0), ("b", 1.0), ("c", 1.0), ("d", 1.0), ("b", 2.0), ("c", 2.0), ("b", 4.0),
    ]  # fmt: skip


def test_an_arm_that_fails_is_dropped_and_the_others_go_on() -> None:
    runs = halve("ab", first=1.0, run=lambda arm, _: -math.inf if arm == "a" else 0.5, quality=lambda result: result)
    assert [(arm, length) for arm, length, _ in runs] == [("a", 1.0), ("b", 1.0), ("b", 2.0)]
    assert len(halve("ab", first=1.0, run=lambda *_: -math.inf, quality=lambda result: result)) == 2


def test_it_stops_where_there_is_no_time() -> None:
    runs = halve("ab", first=1.0, run=lambda *_: 1.0, quality=lambda result: result, goes_on=lambda length: length < 2)
    assert [length for _, length, _ in runs] == [1.0, 1.0]


def test_the_most_that_it_takes_is_counted_by_hand() -> None:
    # three arms of 1, 2 and 3 seconds an epoch: all for 1 epoch, the two dearest for 2, the dearest for 4
    seconds = [lambda epochs, a=a: a * epochs for a in (1.0, 2.0, 3.0)]
    assert most_seconds(seconds, first=1.0) == 6.0 + 10.0 + 12.0


def test_the_first_rung_is_the_longest_that_fits() -> None:
    seconds = [lambda epochs: epochs, lambda epochs: epochs]
    lengths = (1.0, 2.0, 4.0)
    assert longest_first_rung(seconds, available=9.0, lengths=lengths, longest=8.0) == 2.0  # 2 · 2 + 4 = 8
    assert longest_first_rung(seconds, available=99.0, lengths=lengths, longest=4.0) == 2.0
    assert longest_first_rung(seconds, available=3.9, lengths=lengths, longest=8.0) is None
