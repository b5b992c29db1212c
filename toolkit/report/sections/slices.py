"""Where a model does better and worse: slices of the test rows, beside all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from toolkit.data.scripts import NO_LETTERS
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.evaluation.metrics.significance import holm
from toolkit.report.charts import Axis, Tick
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.run_result import SplitResult
from toolkit.tasks.slices import FEWEST_ROWS
from toolkit.wording import shortened

LEVEL = 0.05
"""Of the tests together, after Holm's correction."""

_95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class SliceRow:
    """A slice in words, and where its interval lies.

    Attributes:
        kind: what it is one of, such as the name of a column; empty where the slice above is of the same kind.
        name: which rows.
        rows: their number.
        measure: of the metric.
        at, low, high: per cent of the picture; None where there is no value.
        differs: ``better`` or ``worse`` than all rows, if that is more than chance; else empty.
    """

    kind: str
    name: str
    rows: int
    measure: Measure
    at: float | None
    low: float | None
    high: float | None
    differs: str


@dataclass(frozen=True)
class SliceSection:
    """What the section shows.

    Attributes:
        metric: its name in the file.
        rows: a line a slice.
        whole: the metric on all rows, in per cent of the picture; None in runs of older versions.
        ends: of the axis.
        sentences: on chance, on what is too small, and on what was not looked at.
    """

    metric: str
    rows: tuple[SliceRow, ...]
    whole: float | None
    ends: tuple[Tick, ...]
    sentences: tuple[str, ...]


def slice_section(test: SplitResult, language: Language) -> SliceSection | None:
    """Return the slices of the test rows; None where there are none.

    A slice is compared with all rows as if these were known for certain. As it is one of them, that finds less, and
    never more, than there is.
    """
    found = test.slices or {}
    entries = list(found.get("slices", ()))
    sentences = [*_too_small(found, language), *_left_out(found, language)]
    if not entries:
        return None if not sentences else SliceSection(found["metric"], (), None, (), tuple(sentences))
    metric = found["metric"]
    measures = [Measure.of(MetricValue(each["value"], each["ci95"]), metric) for each in entries]
    whole = _whole(test, metric)
    numbers = [n for m in (*measures, whole) for n in (m.value, m.low, m.high) if n is not None]
    axis = Axis(numbers or [0.0, 1.0], start=4.0, end=96.0, round_ends=False)
    adjusted = holm([p_value(measure, whole) for measure in measures])
    kinds = [kind_of_slice(each, language) for each in entries]
    rows = tuple(
        SliceRow(
            kind="" if place and kinds[place - 1] == kinds[place] else kinds[place],
            name=name_of_slice(each, found, language),
            rows=each["rows"],
            measure=measures[place],
            at=axis.maybe(measures[place].value),
            low=axis.maybe(measures[place].low),
            high=axis.maybe(measures[place].high),
            differs=_differs(measures[place], whole, adjusted[place]),
        )
        for place, each in enumerate(entries)
    )
    if whole.value is not None:
        sentences.insert(0, _about_chance(len(entries), language))
    return SliceSection(metric, rows, axis.maybe(whole.value), axis.ticks, tuple(sentences))


def p_value(measure: Measure, whole: Measure) -> float | None:
    """Return how likely a slice is as far from all rows by chance; None where that is not known."""
    if measure.value is None or measure.low is None or measure.high is None or whole.value is None:
        return None
    error = (measure.high - measure.low) / (2 * _95)
    if error <= 0:  # all of its rows agree, which says nothing of chance
        return None
    return math.erfc(abs(measure.value - whole.value) / error / math.sqrt(2))


def kind_of_slice(entry: Mapping[str, Any], language: Language) -> str:
    """Return what a slice is one of."""
    if entry["by"] == "column":
        return shortened(str(entry["column"]))
    kinds = {"length": "length", "cut": "cut", "script": "script", "unknown": "unknown tokens", "label": "label"}
    return language.name(kinds.get(entry["by"], entry["by"]))


def name_of_slice(entry: Mapping[str, Any], found: Mapping[str, Any], language: Language) -> str:
    """Return which rows are in a slice.

    Args:
        entry: of the slice.
        found: all that is told of slices.
        language: of the words.
    """
    say, by = language.say, entry["by"]
    if by == "length":
        same = entry["low"] == entry["high"]
        return say(
            "{n} tokens" if same else "{low} to {high} tokens", n=entry["low"], low=entry["low"], high=entry["high"]
        )
    if by == "cut":
        limit = found["limit"]
        return say("longer than {limit} tokens", limit=limit) if entry["has"] else say("not cut")
    if by == "unknown":
        return say("with unknown tokens") if entry["has"] else say("without unknown tokens")
    if "low" in entry:
        return say("{low} to {high}", low=f"{entry['low']:g}", high=f"{entry['high']:g}")
    if by == "script":
        return say("without letters") if entry["name"] == NO_LETTERS else language.name(entry["name"])
    return say("(blank)") if entry["name"] is None else shortened(str(entry["name"]))


def _whole(test: SplitResult, metric: str) -> Measure:
    entry = (test.slices or {}).get("whole")
    if entry is not None:
        return Measure.of(MetricValue(entry["value"], entry["ci95"]), metric)
    return Measure.of(test.metrics[metric], metric) if metric in test.metrics else Measure()


def _differs(measure: Measure, whole: Measure, adjusted: float | None) -> str:
    if adjusted is None or adjusted >= LEVEL:
        return ""
    return "better" if measure.goodness > whole.goodness else "worse"


def _about_chance(n: int, language: Language) -> str:
    return language.say(
        "The dashed line is the value of all rows. About one interval in twenty misses it by chance alone, and these "
        "are {n}: only what differs after Holm's correction for all of them is called better or worse.",
        n=n,
    )


def _too_small(found: Mapping[str, Any], language: Language) -> list[str]:
    entries: Sequence[Mapping[str, Any]] = found.get("too_small", ())
    if not entries:
        return []
    names = [
        language.say(
            "{kind} {name} ({n})",
            kind=kind_of_slice(each, language),
            name=name_of_slice(each, found, language),
            n=each["rows"],
        )
        for each in entries
    ]
    return [language.say("Too few rows to judge, fewer than {n}: {names}.", n=FEWEST_ROWS, names=", ".join(names))]


def _left_out(found: Mapping[str, Any], language: Language) -> list[str]:
    return [
        language.say(
            "Not looked at by itself: {n} more of the kind {kind} ({rows}).",
            n=each["slices"],
            kind=kind_of_slice(each, language),
            rows=language.count(each["rows"], "test row"),
        )
        for each in found.get("left_out", ())
    ]
