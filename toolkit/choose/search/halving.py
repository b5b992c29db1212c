"""Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943): all begin short, the better half goes on longer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

Arm = TypeVar("Arm")
Result = TypeVar("Result")


def rungs(n_arms: int, *, first: float, longest: float) -> list[tuple[int, float]]:
    """How many arms run on each rung, and how long: half of them, rounded up, go on twice as long.

    It ends with one arm, or with the rung on which runs are the longest that they can be.

    Args:
        n_arms: that begin.
        first: length of the first rung.
        longest: that a run may be.
    """
    planned: list[tuple[int, float]] = []
    left, length = n_arms, min(first, longest)
    while left:
        planned.append((left, length))
        if left == 1 or length >= longest:
            break
        left, length = math.ceil(left / 2), min(2 * length, longest)
    return planned


def most_seconds(seconds: Sequence[Callable[[float], float]], *, first: float, longest: float) -> float:
    """What halving takes at most: as if the dearest arms went on.

    Args:
        seconds: of each arm, what a run of some length takes.
        first, longest: as of `rungs`.
    """
    return sum(
        sum(sorted((of(length) for of in seconds), reverse=True)[:n_left])
        for n_left, length in rungs(len(seconds), first=first, longest=longest)
    )


def longest_first_rung(
    seconds: Sequence[Callable[[float], float]], *, available: float, lengths: Sequence[float], longest: float
) -> float | None:
    """The longest first rung with which halving fits into a time, and comes down to one arm.

    Args:
        seconds, longest: as of `most_seconds`.
        available: seconds that halving may take.
        lengths: to choose from, the shortest first, which may do where the arms are too many to come down to one.

    Returns:
        None where not even the shortest fits.
    """
    n_doublings = math.ceil(math.log2(len(seconds)))
    halving = [first for first in lengths if first * 2**n_doublings <= longest] or lengths[:1]
    fitting = [first for first in halving if most_seconds(seconds, first=first, longest=longest) <= available]
    return max(fitting, default=None)


def halve(
    arms: Sequence[Arm],
    *,
    first: float,
    longest: float,
    run: Callable[[Arm, float], Result],
    quality: Callable[[Result], float],
) -> list[tuple[Arm, float, Result]]:
    """Run all arms, drop the worse half, double the length, until one arm is left or runs are the longest.

    Args:
        arms: to choose from.
        first, longest: as of `rungs`.
        run: gives the result of an arm after a run of some length.
        quality: of a result, more being better; minus infinity drops an arm whatever the others are.

    Returns:
        All runs in their order: arm, length, result.
    """
    done: list[tuple[Arm, float, Result]] = []
    left = list(arms)
    for n_arms, length in rungs(len(left), first=first, longest=longest):
        results = [(arm, run(arm, length)) for arm in left[:n_arms]]
        done += [(arm, length, result) for arm, result in results]
        ranked = sorted(results, key=lambda pair: -quality(pair[1]))
        left = [arm for arm, result in ranked if quality(result) > -math.inf]
    return done
