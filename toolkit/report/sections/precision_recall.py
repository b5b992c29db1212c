"""Precision by recall of each label: what another threshold would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.report.charts import Axis, Tick
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.report.sections.calibration import measure_of
from toolkit.run_result import SplitResult
from toolkit.wording import shortened

MOST_DRAWN = 4
"""Curves in one picture, those of the most rows; more cannot be told apart."""

MOST_LISTED = 50


@dataclass(frozen=True)
class DrawnCurve:
    """The curve of a label, in per cent of the picture.

    Attributes:
        label: its name, cut.
        path: of the line.
        chosen: where the label is given; None where it is given to no row.
        told: recall and precision there, in words.
    """

    label: str
    path: str
    chosen: tuple[float, float] | None
    told: str


@dataclass(frozen=True)
class CurveSection:
    """What the section shows.

    Attributes:
        curves: that are drawn.
        x_ticks, y_ticks: of recall and precision.
        averages: label, rows and average precision, the lowest first.
        n_more: labels that are not listed.
    """

    curves: tuple[DrawnCurve, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    averages: tuple[tuple[str, int, Measure], ...]
    n_more: int


def curve_section(test: SplitResult, language: Language) -> CurveSection | None:
    """Return the curves of the test rows; None where there are none: of three classes and more, and of older runs."""
    entries: Sequence[Mapping[str, Any]] = [each for each in test.details.get("precision_recall") or () if each["rows"]]
    if not entries:
        return None
    drawn = [each for each in sorted(entries, key=lambda each: -each["rows"]) if each["curve"]][:MOST_DRAWN]
    lowest = [precision for each in drawn for _, precision in each["curve"]]
    across = Axis([0.0, 1.0], start=0.0, end=100.0, round_ends=True)
    upwards = Axis([1.0, *lowest], start=100.0, end=0.0, round_ends=True)
    averages = sorted(
        ((shortened(each["label"]), each["rows"], measure_of(each["average_precision"])) for each in entries),
        key=lambda each: (each[2].value or 0.0, each[1]),
    )
    return CurveSection(
        curves=tuple(_drawn(each, across, upwards, language) for each in drawn),
        x_ticks=across.ticks,
        y_ticks=upwards.ticks,
        averages=tuple(averages[:MOST_LISTED]),
        n_more=max(0, len(averages) - MOST_LISTED),
    )


def _drawn(entry: Mapping[str, Any], across: Axis, upwards: Axis, language: Language) -> DrawnCurve:
    (_, first), *_ = entry["curve"]
    points = [(0.0, first), *entry["curve"]]
    chosen, label = entry["chosen"], shortened(entry["label"])
    told = ""
    if chosen is not None:
        recall, precision = (f"{value:.3f}" for value in chosen)
        told = language.say(
            "{label}: given with precision {precision}, recall {recall}",
            label=label,
            precision=precision,
            recall=recall,
        )
    return DrawnCurve(
        label,
        " ".join(f"{across.at(x)},{upwards.at(y)}" for x, y in points),
        None if chosen is None else (across.at(chosen[0]), upwards.at(chosen[1])),
        told,
    )
