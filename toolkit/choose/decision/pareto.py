"""Which candidates are worth their cost, where a better value may be chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Point:
    """A candidate that was measured.

    Attributes:
        name: in reports.
        quality: more is better.
        cost: less is better; in whatever unit, the same for all. Infinite where it is not known.
        low, high: the ends of the interval of `quality`; None where it is not known.

    Raises:
        ValueError: the quality is not finite, or the cost no number.
    """

    name: str
    quality: float
    cost: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.quality) or not self.cost > -math.inf:
            raise ValueError(f"{self.name}: quality {self.quality} at cost {self.cost} cannot be compared")


Tied: TypeAlias = Callable[[Point, Point], bool]
"""Whether two points may be equally good."""


def front(points: Sequence[Point], *, tied: Tied) -> list[Point]:
    """The points worth their cost, the cheapest first and the best last.

    Begin with the best of all. The cheapest point that is tied with it is taken in its place, and dearer ones are left
    out: nothing shows that they are worth more. The same is done with the points that are cheaper still, and so on.
    So each point but the last is the cheapest of those that may be as good as itself, and cheaper than what is better.

    Args:
        points: in any order; of equals in both, the first by name.
        tied: for pairs in any order.
    """
    rising = _rising(points)
    chosen: list[Point] = []
    while rising:
        best = rising[-1]
        taken = next(place for place, point in enumerate(rising) if point is best or tied(point, best))
        chosen.append(rising[taken])
        rising = rising[:taken]
    return chosen[::-1]


def _rising(points: Sequence[Point]) -> list[Point]:
    """The points that none is both as good as and as cheap as, the cheapest first: each is better than those before."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.quality, point.name)):
        if not kept or point.quality > kept[-1].quality:
            kept.append(point)
    return kept
