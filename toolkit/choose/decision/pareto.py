"""The Pareto front of quality and cost, where a higher quality may be chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Point:
    """A measured candidate.

    Attributes:
        name: in reports.
        quality: higher is better.
        cost: lower is better, in the same unit for all points; infinite where it is not known.
        low, high: the ends of the interval of `quality`; None where it is not known.
        rank: of points that cost the same and may be equally good, the one with the least is taken.

    Raises:
        ValueError: the quality is not finite, or the cost no number.
    """

    name: str
    quality: float
    cost: float
    low: float | None = None
    high: float | None = None
    rank: int = 0

    def __post_init__(self) -> None:
        if not math.isfinite(self.quality) or not self.cost > -math.inf:
            raise ValueError(f"{self.name}: quality {self.quality} at cost {self.cost} cannot be compared")


Tied: TypeAlias = Callable[[Point, Point], bool]
"""Whether two points may be equally good."""


def front(points: Sequence[Point], *, tied: Tied) -> list[Point]:
    """Return the points that are worth their cost, the cheapest first and the best last.

    Begin with the best point of all. Take the cheapest point that ties with it instead, and leave out the points that
    cost no less than that one: nothing shows that they are better. Do the same with the points that cost less, and so
    on.

    Args:
        points: in any order.
        tied: for pairs in any order.
    """
    rising = _rising(points)
    chosen: list[Point] = []
    while rising:
        best = max(rising, key=lambda point: point.quality)
        taken = next(point for point in rising if point is best or tied(point, best))
        chosen.append(taken)
        rising = [point for point in rising if point.cost < taken.cost]
    return chosen[::-1]


def _rising(points: Sequence[Point]) -> list[Point]:
    """Return the points that are better than all that cost less, the cheapest first, and of equals the simplest."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, point.rank, -point.quality, point.name)):
        if all(point.quality > cheaper.quality for cheaper in kept if cheaper.cost < point.cost):
            kept.append(point)
    return kept
