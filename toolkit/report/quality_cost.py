"""Positions of results in the picture of quality and cost, in per cent; the template draws what stands here.

Points are numbered as in the table. Baselines cost nothing to speak of, so each is a line across the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from toolkit.report.charts import Axis, Tick

_WIDE = 2.0  # ratio of the largest to the smallest cost from which the axis is logarithmic
_MOST_TICKS = 5
_NEAR_X, _NEAR_Y = 7.0, 9.0  # per cent within which two circles would touch on a narrow screen
_STEP = 19  # pixels between circles that would touch
_IN_A_ROW = 6  # circles beside each other on a narrow screen; further ones begin another row
_LINE = 7.0  # per cent of the height that the name of a baseline takes
_TOUCHED = 11.0  # per cent of the height above a name's line within which a circle would lie on it
_PIXELS = 264  # of the height


@dataclass(frozen=True)
class Drawn:
    """A result to draw.

    Attributes:
        number: in the table.
        name: of model and method.
        value: of the metric.
        low, high: the ends of its interval; None where it is not known.
        cost: in seconds; infinite where it is not known.
        on_front: whether it is worth its cost.
        is_recommended: whether it is the recommended one.
        letter: that stands for it in the place of the number; empty for none.
    """

    number: int
    name: str
    value: float
    low: float | None
    high: float | None
    cost: float
    on_front: bool = False
    is_recommended: bool = False
    letter: str = ""

    @property
    def mark(self) -> str:
        """Return what stands in its circle."""
        return self.letter or str(self.number)


@dataclass(frozen=True)
class Placed:
    """A result in the picture: per cent from the left and the top, and pixels to the right and down beside others."""

    result: Drawn
    x: float
    y: float
    low: float | None
    high: float | None
    shift: int
    drop: int


@dataclass(frozen=True)
class Level:
    """A baseline: how far from the top its line is, and how far its name, which stands at one end of the line."""

    name: str
    y: float
    name_y: float
    is_at_start: bool = False


@dataclass(frozen=True)
class Picture:
    """Everything in the picture; `path` joins what is worth its cost."""

    points: tuple[Placed, ...]
    levels: tuple[Level, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    path: str


def picture_of(
    results: Sequence[Drawn], baselines: Sequence[tuple[str, float]], *, lower_is_better: bool
) -> Picture | None:
    """Place results and baselines.

    Args:
        results: in any order.
        baselines: names and values.
        lower_is_better: whether lower values stand higher.

    Returns:
        None where there is no result.
    """
    if not results:
        return None
    ends = [end for each in results for end in (each.value, each.low, each.high) if end is not None]
    top, bottom = (100.0, 0.0) if lower_is_better else (0.0, 100.0)
    upwards = Axis([*ends, *(value for _, value in baselines)], start=bottom, end=top, round_ends=True)
    across = _Costs([each.cost for each in results])
    points: list[Placed] = []
    for each in sorted(results, key=lambda each: (across.at(each.cost), each.number)):
        x, y = across.at(each.cost), upwards.at(each.value)
        beside = [point for point in points if abs(point.x - x) < _NEAR_X and abs(point.y - y) < _NEAR_Y]
        # Towards the middle, so that nothing leaves the picture.
        steps = (_STEP if x < 60 else -_STEP, _STEP if y < 60 else -_STEP)
        shift, drop = _free([(point.shift, point.drop) for point in beside], steps=steps)
        points.append(Placed(each, x, y, upwards.maybe(each.low), upwards.maybe(each.high), shift, drop))
    front = [point for point in points if point.result.on_front]
    return Picture(
        points=tuple(points),
        levels=_levels([(name, upwards.at(value)) for name, value in baselines], points),
        x_ticks=across.ticks,
        y_ticks=upwards.ticks,
        path=_steps(front),
    )


class _Costs:
    """The axis of costs, logarithmic where they differ much; unknown ones stand at its end."""

    def __init__(self, costs: Sequence[float]) -> None:
        known = [cost for cost in costs if math.isfinite(cost)] or [1.0]
        self._is_log = min(known) > 0 and max(known) > _WIDE * min(known)
        if self._is_log:
            self._low, self._high = (math.log10(end) for end in (min(known) / 1.2, max(known) * 1.2))
            self.ticks = self._log_ticks(10**self._low, 10**self._high)
        else:
            self._axis = Axis([0.0, *known], start=0.0, end=100.0, round_ends=True)
            self.ticks = self._axis.ticks

    def at(self, cost: float) -> float:
        """Return the position of a cost, in per cent."""
        if not math.isfinite(cost):
            return 100.0
        if not self._is_log:
            return self._axis.at(cost)
        return round(100 * (math.log10(cost) - self._low) / (self._high - self._low), 2)

    def _log_ticks(self, low: float, high: float) -> tuple[Tick, ...]:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            marks = [digit * 10.0**power for power in powers for digit in digits]
            marks = [mark for mark in marks if low <= mark <= high]
            if len(marks) <= _MOST_TICKS:
                break
        marks = marks[:: math.ceil(len(marks) / _MOST_TICKS)] if marks else [low]
        return tuple(Tick(self.at(mark), f"{mark:,.10g}") for mark in marks)


def _free(taken: Sequence[tuple[int, int]], *, steps: tuple[int, int]) -> tuple[int, int]:
    """Return the first place that is not taken, in rows from a point on.

    Args:
        taken: pixels to the right and down.
        steps: from one place to the next, and from one row to the next.
    """
    places = ((steps[0] * (index % _IN_A_ROW), steps[1] * (index // _IN_A_ROW)) for index in count())
    return next(place for place in places if place not in taken)


def _levels(lines: Sequence[tuple[str, float]], points: Sequence[Placed]) -> tuple[Level, ...]:
    """Keep the names of baselines apart, the best at the top, each at the end where fewer circles lie on it."""
    placed: list[Level] = []
    for name, y in sorted(lines, key=lambda line: line[1]):
        lowest = placed[-1].name_y + _LINE if placed else y
        name_y = max(y, lowest)
        touching = [
            point.x for point in points if -_TOUCHED < point.y + 100 * point.drop / _PIXELS - name_y < _TOUCHED / 2
        ]
        n_at_start = sum(x < 50 for x in touching)
        placed.append(Level(name, y, name_y, is_at_start=2 * n_at_start < len(touching)))
    return tuple(placed)


def _steps(front: Sequence[Placed]) -> str:
    """Return the points of a line that rises where something better begins."""
    corners: list[str] = []
    for before, point in zip([None, *front], front, strict=False):
        corners += [] if before is None else [f"{point.x},{before.y}"]
        corners.append(f"{point.x},{point.y}")
    return " ".join(corners)
