"""Where the points of quality and cost stand, in per cent of the picture, and the front through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolkit.choose.pareto import Point, Tied, front, may_be_equal
from toolkit.report.charts import Axis, Tick
from toolkit.report.charts import Point as Place

_STEPS = (1, 2, 5)
_MOST_TICKS = 8
# Where the axis of the cost begins and ends, in per cent: the first point stands beside the labels, not on them.
_FIRST, _LAST = 3.0, 97.0


@dataclass(frozen=True)
class Mark:
    """One point; places are per cent of the picture, from the left and from the top, as in `toolkit.report.charts`.

    Attributes:
        number: in the picture and before its name.
        point: what it stands for.
        x, y: where it is; at the right end where the cost is not known.
        low, high: the ends of its interval, from the top.
        on_front: whether it is worth its cost.
        recommended: whether it is the one to take.
    """

    number: int
    point: Point
    x: float
    y: float
    low: float | None
    high: float | None
    on_front: bool
    recommended: bool

    @property
    def words(self) -> str:
        """The quality with its interval, for people."""
        point = self.point
        if point.low is None or point.high is None:
            return f"{point.quality:.3f}"
        return f"{point.quality:.3f} ({point.low:.3f} to {point.high:.3f})"


@dataclass(frozen=True)
class FrontChart:
    """Points over two axes.

    Attributes:
        marks: the best one first.
        steps: what the front offers up to each cost: places to be joined.
        x_ticks: of the cost.
        y_ticks: of the quality.
    """

    marks: tuple[Mark, ...]
    steps: tuple[Place, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def front_chart(points: Sequence[Point], *, tied: Tied = may_be_equal) -> FrontChart | None:
    """Place points; the axis of the cost is logarithmic where all costs are above 0 and unlike.

    Args:
        points: in any order.
        tied: as of `toolkit.choose.pareto.front`.

    Returns:
        None when there are no points.
    """
    if not points:
        return None
    chosen = front(points, tied=tied)
    ends = [end for point in points for end in (point.low, point.high, point.quality) if end is not None]
    upwards = Axis(ends, start=100.0, end=0.0, round_ends=True)
    across = _across([point.cost for point in points if math.isfinite(point.cost)])
    ordered = sorted(points, key=lambda point: (-point.quality, point.cost, point.name))
    marks = tuple(
        Mark(
            number=number,
            point=point,
            x=_place(across, point.cost),
            y=upwards.at(point.quality),
            low=upwards.maybe(point.low),
            high=upwards.maybe(point.high),
            on_front=point in chosen,
            recommended=point == chosen[-1],
        )
        for number, point in enumerate(ordered, start=1)
    )
    return FrontChart(
        marks, _stairs([(_place(across, p.cost), upwards.at(p.quality)) for p in chosen]), across.ticks, upwards.ticks
    )


class _LogAxis:
    """Costs above 0 on a logarithmic scale, with ticks at 1, 2 and 5 times the powers of ten."""

    def __init__(self, costs: Sequence[float]) -> None:
        first, last = (math.floor(math.log10(cost)) for cost in (min(costs), max(costs)))
        marks = [step * 10.0**power for power in range(first, last + 2) for step in _STEPS]
        low = max(mark for mark in marks if mark <= min(costs) * (1 + 1e-9))
        high = min(mark for mark in marks if mark >= max(costs) * (1 - 1e-9))
        self._low, self._range = math.log10(low), math.log10(high) - math.log10(low)
        shown = [mark for mark in marks if low <= mark <= high]
        if len(shown) > _MOST_TICKS:
            powers = [mark for mark in shown if math.log10(mark) % 1 in (0.0, 1.0)]
            shown = powers[:: math.ceil(len(powers) / _MOST_TICKS)]
        self.ticks = tuple(Tick(self.at(mark), _plain(mark)) for mark in shown)

    def at(self, cost: float) -> float:
        """Where a cost stands, in per cent."""
        share = (math.log10(cost) - self._low) / self._range
        return round(_FIRST + share * (_LAST - _FIRST), 2)


def _across(costs: Sequence[float]) -> Axis | _LogAxis:
    if costs and min(costs) > 0 and max(costs) > 2 * min(costs):
        return _LogAxis(costs)
    return Axis([0.0, *costs], start=_FIRST, end=_LAST, round_ends=True)


def _place(across: Axis | _LogAxis, cost: float) -> float:
    """Where a cost stands; one that is not known at the end."""
    return across.at(cost) if math.isfinite(cost) else 100.0


def _plain(number: float) -> str:
    return f"{number:,.0f}" if number >= 1 else str(np.format_float_positional(number, precision=1, fractional=False))


def _stairs(places: Sequence[Place]) -> tuple[Place, ...]:
    """The front as a line: what a cost buys until the next better one can be had."""
    corners = [
        corner for (x, y), (_, after) in zip(places[1:], places[:-1], strict=True) for corner in ((x, after), (x, y))
    ]
    return (places[0], *corners, (100.0, places[-1][1]))
