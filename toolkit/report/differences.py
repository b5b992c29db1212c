"""Positions of differences with their intervals about zero, and of results by attempt, in per cent of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts import Axis, Tick
from toolkit.report.language import Language
from toolkit.report.metric_words import metric_words
from toolkit.report.story import Attempt, Versus
from toolkit.report.story_words import versus_text


@dataclass(frozen=True)
class Lead:
    """A difference: its name, the same with its figures, where it is, and the ends of its interval."""

    name: str
    told: str
    at: float
    low: float
    high: float
    is_open: bool


@dataclass(frozen=True)
class LeadChart:
    """Differences beneath each other over one axis; `zero` is where two are equal."""

    leads: tuple[Lead, ...]
    ticks: tuple[Tick, ...]
    zero: float


@dataclass(frozen=True)
class Tried:
    """An attempt in the picture; `y` is None where it has no result."""

    attempt: Attempt
    x: float
    y: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class AttemptChart:
    """Results by the order of time; what has none stands below.

    Attributes:
        points: of attempts with a result, and without one.
        x_ticks, y_ticks: of the attempts' numbers, and of the metric.
        metric: its name.
    """

    points: tuple[Tried, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    metric: str


def lead_chart(leads: Sequence[Versus], metric: str, language: Language) -> LeadChart | None:
    """Place the winner's leads; None where no difference is defined.

    Args:
        leads: beside runs and baselines.
        metric: of the differences.
        language: of the words.
    """
    known = [(each, each.difference) for each in leads if each.difference is not None]
    if not known:
        return None
    ends = [end for _, found in known for end in (found.low, found.value, found.high)]
    axis = Axis([0.0, *ends], start=0.0, end=100.0, round_ends=True)
    placed = tuple(
        Lead(
            name=language.name(each.name) if each.letter is None else f"{each.letter}: {each.name}",
            told=versus_text(each, metric, language),
            at=axis.at(found.value),
            low=axis.at(found.low),
            high=axis.at(found.high),
            is_open=found.low <= 0 <= found.high,
        )
        for each, found in known
    )
    return LeadChart(placed, axis.ticks, axis.at(0.0))


def attempt_chart(attempts: Sequence[Attempt], *, metric: str | None, at_most: int) -> AttemptChart | None:
    """Place the last attempts but for steps of choose; None where fewer than two have a result in the metric.

    Args:
        attempts: in the order of time.
        metric: to draw.
        at_most: attempts that are drawn.
    """
    drawn = [each for each in attempts if not each.is_step][-at_most:]
    measured = {
        each.number: each.figure.measure for each in drawn if each.figure is not None and each.figure.metric == metric
    }
    measured = {number: measure for number, measure in measured.items() if measure.value is not None}
    if metric is None or len(measured) < 2:
        return None
    ends = [end for each in measured.values() for end in (each.value, each.low, each.high) if end is not None]
    up = metric_words(metric).greater_is_better is not False
    upwards = Axis(ends, start=100.0 if up else 0.0, end=0.0 if up else 100.0, round_ends=True)
    across = Axis([drawn[0].number - 0.5, drawn[-1].number + 0.5], start=0.0, end=100.0, round_ends=False)
    points = []
    for each in drawn:
        measure = measured.get(each.number)
        value, low, high = (None, None, None) if measure is None else (measure.value, measure.low, measure.high)
        points.append(Tried(each, across.at(each.number), *(upwards.maybe(end) for end in (value, low, high))))
    step = max(1, -(-len(drawn) // 8))
    ticks = tuple(Tick(across.at(each.number), f"{each.number:,}") for each in drawn[::step])
    return AttemptChart(tuple(points), ticks, upwards.ticks, metric)
