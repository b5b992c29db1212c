"""Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943): all begin short, the better half goes on longer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

Arm = TypeVar("Arm")
Result = TypeVar("Result")


def n_rungs(n_arms: int) -> int:
    """Rungs until one arm is left: each but the last leaves half of them, rounded up."""
    return 1 + math.ceil(math.log2(n_arms)) if n_arms else 0


def most_seconds(seconds: Sequence[Callable[[float], float]], *, first: float) -> float:
    """What halving takes at most: as if the dearest arms went on.

    Args:
        seconds: of each arm, what a run of some length takes.
        first: the length of the first rung; each next one is twice as long.
    """
    total, length = 0.0, first
    for rung in range(n_rungs(len(seconds))):
        n_left = math.ceil(len(seconds) / 2**rung)
        total += sum(sorted((of(length) for of in seconds), reverse=True)[:n_left])
        length *= 2
    return total


def longest_first_rung(
    seconds: Sequence[Callable[[float], float]], *, available: float, lengths: Sequence[float], longest: float
) -> float | None:
    """The longest first rung with which halving fits into a time.

    Args:
        seconds: as of `most_seconds`.
        available: seconds that halving may take.
        lengths: to choose from.
        longest: that a run of the last rung may be.

    Returns:
        None where not even the shortest fits.
    """
    doublings = 2 ** (n_rungs(len(seconds)) - 1)
    fitting = [
        length
        for length in lengths
        if length * doublings <= longest and most_seconds(seconds, first=length) <= available
    ]
    return max(fitting, default=None)


def halve(
    arms: Sequence[Arm],
    *,
    first: float,
    run: Callable[[Arm, float], Result],
    quality: Callable[[Result], float],
    goes_on: Callable[[float], bool] = lambda _: True,
) -> list[tuple[Arm, float, Result]]:
    """Run all arms, drop the worse half, double the length, until one arm is left.

    Args:
        arms: to choose from.
        first: length of the first rung.
        run: gives the result of an arm after a run of some length.
        quality: of a result, more being better; minus infinity drops an arm whatever the others are.
        goes_on: whether a rung of some length is to be begun.

    Returns:
        All runs in their order: arm, length, result.
    """
    done: list[tuple[Arm, float, Result]] = []
    left, length = list(arms), first
    while left and goes_on(length):
        results = [(arm, run(arm, length)) for arm in left]
        done += [(arm, length, result) for arm, result in results]
        ranked = sorted(results, key=lambda pair: -quality(pair[1]))
        alive = [arm for arm, result in ranked if quality(result) > -math.inf]
        if len(left) == 1:
            break
        left, length = alive[: math.ceil(len(left) / 2)], 2 * length
    return done
