"""Positions of bars, lines and ticks, in per cent of the picture, so that text keeps its size.

The template draws what these functions place. y grows downwards, as in SVG.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.measures import Measure, Result
from toolkit.report.metric_words import metric_words

MAX_POINTS = 240
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Point = tuple[float, float]


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Bar:
    """One bar from `start` to `end`, its interval from `low` to `high`; None where there is no value."""

    name: str
    measure: Measure
    is_model: bool
    start: float
    end: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class BarChart:
    """Bars beneath each other over one axis."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Line:
    """A series of points, joined; `dots` are drawn where they are few."""

    name: str
    path: str
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class LineChart:
    """Lines over one pair of axes; `chosen` is where the kept weights were seen, `averaged` where each of them was."""

    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    chosen: Tick | None
    averaged: tuple[float, ...] = ()


def bar_chart(results: Sequence[Result], metric: str) -> BarChart:
    """Place one bar a result; the axis holds 0, the end of the metric's scale and every interval."""
    measures = [result.measures.get(metric, Measure()) for result in results]
    numbers = [n for m in measures for n in (m.value, m.low, m.high) if n is not None]
    scale = metric_words(metric).scale
    if scale is None:
        scale = 0.0 if any(numbers) else 1.0
    axis = Axis([0.0, scale, *numbers], start=0.0, end=100.0, round_ends=True)
    bars = (
        Bar(
            name=result.name,
            measure=measure,
            is_model=result.is_model,
            start=axis.at(0.0),
            end=axis.maybe(measure.value),
            low=axis.maybe(measure.low),
            high=axis.maybe(measure.high),
        )
        for result, measure in zip(results, measures, strict=True)
    )
    return BarChart(tuple(bars), axis.ticks)


def line_chart(
    series: Sequence[tuple[str, Sequence[Point]]],
    *,
    chosen: int | None,
    averaged: Sequence[int] = (),
    from_zero: bool,
) -> LineChart | None:
    """Place lines over the step axis.

    Args:
        series: a name and its points ``(step, value)`` for each line, in the order of the steps.
        chosen: the step to mark.
        averaged: the steps to mark where the weights are a mean.
        from_zero: whether the value axis holds 0.

    Returns:
        None when there is no point at all.
    """
    points = [point for _, line in series for point in line]
    if not points:
        return None
    steps = Axis([0.0, *(step for step, _ in points)], start=0.0, end=100.0, round_ends=False)
    wanted = [*(value for _, value in points), *([0.0] if from_zero else [])]
    values = Axis(wanted, start=100.0, end=0.0, round_ends=True)
    lines = [_line(name, line, steps, values) for name, line in series if line]
    mark = None if chosen is None else Tick(steps.at(chosen), f"kept: step {chosen:,}")
    if averaged:
        mark = Tick(steps.at(averaged[-1]), f"kept: the mean of {len(averaged)}" if len(averaged) > 1 else "kept")
    return LineChart(tuple(lines), steps.ticks, values.ticks, mark, tuple(steps.at(step) for step in averaged))


def thin(points: Sequence[Point]) -> list[Point]:
    """Return at most `MAX_POINTS` points: the means of neighbours where there are more."""
    size = math.ceil(len(points) / MAX_POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), max(1, size))]
    return [(sum(x for x, _ in g) / len(g), sum(y for _, y in g) / len(g)) for g in groups]


class Axis:
    """Maps values to per cent, and has ticks at round numbers.

    Args:
        values: what the axis must hold.
        start: where its low end is, in per cent.
        end: where its high end is.
        round_ends: whether it is widened to the next round numbers, or ends with the values.

    Attributes:
        step: from tick to tick, in the values' own unit.
    """

    def __init__(self, values: Sequence[float], *, start: float, end: float, round_ends: bool) -> None:
        low, high = min(values), max(values)
        if math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12):
            margin = max(0.5, abs(low) / 100)
            low, high = low - margin, high + margin
        step = _round_step((high - low) / 4)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if not round_ends:
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        self._low, self._high = (first * step, last * step) if round_ends else (low, high)
        self._start, self._end = start, end
        self.step = step
        places = max(0, -math.floor(math.log10(step) + 1e-9)) + (1 if _needs_one_more_place(step) else 0)
        marks = [index * step for index in range(first, last + 1)]
        self.ticks = tuple(Tick(self.at(mark), f"{mark:,.{places}f}") for mark in marks)

    @property
    def ends(self) -> tuple[float, float]:
        """Return where the axis begins and ends, in the values' own unit."""
        return self._low, self._high

    def at(self, value: float) -> float:
        """Return the position of a value, in per cent."""
        share = (value - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 2)

    def maybe(self, value: float | None) -> float | None:
        """Return the position of a value, if there is one."""
        return None if value is None else self.at(value)


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(step for step in _STEPS if step * power >= least * (1 - 1e-9)) * power


def _needs_one_more_place(step: float) -> bool:
    """Return whether the step's first digits are 2.5."""
    digits = step / 10.0 ** math.floor(math.log10(step) + 1e-9)
    return abs(digits - 2.5) < 1e-6 and step < 10


def _line(name: str, points: Sequence[Point], steps: Axis, values: Axis) -> Line:
    placed = [(steps.at(step), values.at(value)) for step, value in points]
    few = len(points) <= 40
    dots = [(x, y, f"step {step:,.0f}: {value:.4g}") for (x, y), (step, value) in zip(placed, points, strict=True)]
    return Line(name, " ".join(f"{x},{y}" for x, y in placed), tuple(dots) if few else ())
