"""A learning curve: results by the number of rows that were learnt from, as a picture, a table and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.evaluation.metrics.difference import is_tie
from toolkit.report import facts
from toolkit.report.charts import Axis, Tick
from toolkit.report.measures import Measure
from toolkit.report.metric_words import metric_words
from toolkit.trials.curve import STEPS, Curve, CurvePoint
from toolkit.wording import table

_KEPT = {
    True: "All runs took about as many steps, so a smaller share of the rows was read more often: with equal epochs it "
    "would also have learnt for less long.",
    False: "The method takes no steps; the head of each run was fitted to its rows.",
}
_SAME = "Smaller shares are parts of larger ones; validation and test rows are the same for all."


@dataclass(frozen=True)
class Dot:
    """A run's result with its interval, in per cent of the picture; `low` and `high` are None without one."""

    x: float
    y: float
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True)
class CurveChart:
    """Results by the number of rows."""

    dots: tuple[Dot, ...]
    path: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class ShownCurve:
    """A curve as the page of a run shows it."""

    metric: str
    chart: CurveChart | None
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    sentences: Sequence[str]


def shown_curve(curve: Curve) -> ShownCurve:
    """Return the picture, the table and the sentences of a curve."""
    return ShownCurve(metric_words(curve.metric).heading, _chart(curve), *_grid(curve), _sentences(curve))


def curve_lines(curve: Curve) -> list[str]:
    """Return a curve for a terminal."""
    header, rows = _grid(curve)
    spare = [name for name in ("training", "steps", "share") if name in header]
    last = curve.points[-1].run
    return [
        "",
        *table(rows, header=header, spare=spare),
        "",
        *_sentences(curve),
        f"The runs are in {curve.folder}; the picture is in {last}/report.html.",
    ]


def worth(curve: Curve) -> str:
    """Return in a sentence whether the last rows that were added made the result better."""
    before, after = curve.points[-2:]
    words = metric_words(curve.metric)
    between = f"from {_share(before)} to {_share(after)} of the rows ({before.rows:,} to {after.rows:,})"
    difference = None if after.gain is None else after.gain.difference
    if difference is None:
        return f"Whether {words.name} changed {between} cannot be said: the two runs cannot be compared in it."
    verb = "rose" if difference.value > 0 else "fell" if difference.value < 0 else "stayed as it was"
    amount = f" by {words.number(abs(difference.value))}" if difference.value else ""
    ends = sorted((difference.low, difference.high))
    interval = f"({words.number(ends[0])} to {words.number(ends[1])}, paired)"
    told = f"{between[0].upper()}{between[1:]} {words.name} {verb}{amount} {interval}"
    if is_tie(difference):
        return f"{told}: it is not shown that more rows help."
    if (difference.value > 0) is words.greater_is_better:
        return f"{told}: more rows are likely to help."
    return f"{told}: more rows did not help."


def _sentences(curve: Curve) -> list[str]:
    notes = [f"{note[0].upper()}{note[1:]}." for note in curve.notes]
    return [worth(curve), _KEPT[curve.kept_equal == STEPS], _SAME, *notes]


def _grid(curve: Curve) -> tuple[list[str], list[list[str]]]:
    steps = ["steps"] if curve.kept_equal == STEPS else []
    heading = metric_words(curve.metric).heading
    header = ["share", "rows", heading, "95 %", "from the one before", "paired 95 %", *steps, "training"]
    return header, [_row(point, curve) for point in curve.points]


def _row(point: CurvePoint, curve: Curve) -> list[str]:
    measure = _measure(point, curve.metric)
    words = measure.words
    gain = ["", ""]
    if point.gain is not None and (found := point.gain.difference) is not None:
        sign = "+" if found.value > 0 else ""
        gain = [f"{sign}{words.number(found.value)}", f"{words.number(found.low)} to {words.number(found.high)}"]
    seconds = point.result.cost.get("train_seconds")
    return [
        _share(point),
        f"{point.rows:,}",
        measure.text,
        measure.interval,
        *gain,
        *([f"{point.result.training.steps:,}"] if curve.kept_equal == STEPS else []),
        "–" if seconds is None else facts.duration(seconds),
    ]


def _chart(curve: Curve) -> CurveChart | None:
    placed = [
        (point, measure) for point in curve.points if (measure := _measure(point, curve.metric)).value is not None
    ]
    if not placed:
        return None
    numbers = [n for _, m in placed for n in (m.value, m.low, m.high) if n is not None]
    across = Axis([0.0, *(float(point.rows) for point, _ in placed)], start=0.0, end=100.0, round_ends=False)
    upwards = Axis(numbers, start=100.0, end=0.0, round_ends=True)
    dots = tuple(
        Dot(
            across.at(point.rows),
            upwards.at(measure.value or 0.0),
            upwards.maybe(measure.low),
            upwards.maybe(measure.high),
            f"{facts.count(point.rows, 'row')}: {measure.text}{f' ({measure.interval})' if measure.interval else ''}",
        )
        for point, measure in placed
    )
    return CurveChart(dots, " ".join(f"{dot.x},{dot.y}" for dot in dots), across.ticks, upwards.ticks)


def _measure(point: CurvePoint, metric: str) -> Measure:
    return Measure.of(point.result.test.metrics[metric], metric)


def _share(point: CurvePoint) -> str:
    return f"{100 * point.share:g} %"
