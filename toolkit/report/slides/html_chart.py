"""Places of bars, points and lines on a slide's page, in per cent of the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts import Axis, LineChart, Tick, line_chart, thin
from toolkit.report.slides.deck import Bars, Curves, Scatter, Spot

LOG_FROM = 20.0
"""Ratio of the largest to the smallest cost from which the axis is logarithmic."""


@dataclass(frozen=True)
class DrawnSpot:
    """A value with its interval in its place.

    Attributes:
        spot: what is drawn.
        x, y: of the value; for bars `x` is its end, and `y` nothing.
        low, high: ends of the interval; None where it is not known.
    """

    spot: Spot
    x: float
    y: float = 0.0
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class DrawnSpots:
    """Values over one or two axes; `start` is where bars begin."""

    spots: tuple[DrawnSpot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...] = ()
    start: float = 0.0


def bar_axis(bars: Bars) -> Axis:
    """Return an axis that holds 0, the end of the scale and every interval."""
    return Axis(
        [0.0, *_ends(bars.spots), *([] if bars.scale is None else [bars.scale])], start=0.0, end=100.0, round_ends=True
    )


def upward_axis(scatter: Scatter) -> Axis:
    """Return an axis that holds every interval; it need not begin at 0."""
    return Axis(_ends(scatter.spots), start=100.0, end=0.0, round_ends=True)


def values_axis(curves: Curves) -> Axis:
    """Return an axis that holds every value of the lines; it need not begin at 0."""
    values = [value for line in curves.lines.values() for _, value in thin(line)]
    return Axis(values, start=100.0, end=0.0, round_ends=True)


def drawn_bars(bars: Bars) -> DrawnSpots:
    """Place bars."""
    axis = bar_axis(bars)
    spots = (
        DrawnSpot(spot, axis.at(spot.value), 0.0, axis.maybe(spot.low), axis.maybe(spot.high)) for spot in bars.spots
    )
    return DrawnSpots(tuple(spots), axis.ticks, start=axis.at(0.0))


def drawn_scatter(scatter: Scatter) -> DrawnSpots:
    """Place points over costs, on a logarithmic axis where these differ much."""
    xs = [spot.x or 0.0 for spot in scatter.spots]
    upwards = upward_axis(scatter)
    places, ticks = _logarithmic(xs) if is_logarithmic(xs) else _linear(xs)
    spots = (
        DrawnSpot(spot, x, upwards.at(spot.value), upwards.maybe(spot.low), upwards.maybe(spot.high))
        for spot, x in zip(scatter.spots, places, strict=True)
    )
    return DrawnSpots(tuple(spots), ticks, upwards.ticks)


def drawn_curves(curves: Curves) -> LineChart | None:
    """Place lines over the steps."""
    return line_chart([(name, thin(line)) for name, line in curves.lines.items()], chosen=None, from_zero=False)


def is_logarithmic(xs: Sequence[float]) -> bool:
    """Return whether costs differ so much that most of them would stand at the beginning of a plain axis."""
    return min(xs) > 0 and max(xs) > LOG_FROM * min(xs)


def _ends(spots: Sequence[Spot]) -> list[float]:
    return [end for spot in spots for end in (spot.value, spot.low, spot.high) if end is not None]


def _linear(xs: Sequence[float]) -> tuple[list[float], tuple[Tick, ...]]:
    axis = Axis([0.0, *xs], start=0.0, end=100.0, round_ends=True)
    return [axis.at(x) for x in xs], axis.ticks


def _logarithmic(xs: Sequence[float]) -> tuple[list[float], tuple[Tick, ...]]:
    """Place costs between powers of ten, as PowerPoint's own axis does."""
    low, high = math.floor(math.log10(min(xs))), math.ceil(math.log10(max(xs)))
    ticks = [
        Tick(round(100 * (power - low) / (high - low), 2), f"{10.0**power:,.10g}") for power in range(low, high + 1)
    ]
    return [round(100 * (math.log10(x) - low) / (high - low), 2) for x in xs], tuple(ticks)
