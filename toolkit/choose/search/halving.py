"""Successive halving: run all arms for a short time, then the better half for twice as long, and so on.

Jamieson & Talwalkar 2016, https://arxiv.org/abs/1502.07943.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

Arm = TypeVar("Arm")
Result = TypeVar("Result")


def rungs(n_arms: int, *, first: float, longest: float) -> list[tuple[int, float]]:
    """Plan the rungs: half of the arms, rounded up, go on for twice the length.

    The last rung has one arm, or runs of the longest possible length.

    Args:
        n_arms: on the first rung.
        first: length of a run on the first rung.
        longest: limit of that length.

    Returns:
        The number of arms and the length of a run, for each rung.
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
    """Return the seconds that halving takes at most: if the slowest arms win.

    Args:
        seconds: for each arm, a function from the length of a run to its seconds.
        first, longest: as of `rungs`.
    """
    return sum(
        sum(sorted((of(length) for of in seconds), reverse=True)[:n_left])
        for n_left, length in rungs(len(seconds), first=first, longest=longest)
    )


def longest_first_rung(
    seconds: Sequence[Callable[[float], float]], *, available: float, lengths: Sequence[float], longest: float
) -> float | None:
    """Return the longest first rung with which halving fits into a time and ends with one arm.

    Args:
        seconds, longest: as of `most_seconds`.
        available: seconds that halving may take.
        lengths: to choose from, the shortest first. With too many arms to end with one, only the shortest is tried.

    Returns:
        None where none of them fits.
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
    run: Callable[[Arm, float], Result | None],
    quality: Callable[[Result], float],
) -> list[tuple[Arm, float, Result]]:
    """Run all arms, drop the worse half and double the length, until one arm is left or the longest length is reached.

    Args:
        arms: to choose from.
        first, longest: as of `rungs`.
        run: runs an arm for a length and returns its result; None where it is not worth it, which drops the arm.
        quality: of a result, higher is better; an arm with minus infinity is dropped in any case.

    Returns:
        Arm, length and result of every run, in their order.
    """
    done: list[tuple[Arm, float, Result]] = []
    left = list(arms)
    for n_arms, length in rungs(len(left), first=first, longest=longest):
        tried = [(arm, run(arm, length)) for arm in left[:n_arms]]
        results = [(arm, result) for arm, result in tried if result is not None]
        done += [(arm, length, result) for arm, result in results]
        ranked = sorted(results, key=lambda pair: -quality(pair[1]))
        left = [arm for arm, result in ranked if quality(result) > -math.inf]
    return done
