"""Precision and recall of each label, the hardest ones first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.tasks.label_scores import LabelScore
from toolkit.wording import shortened

MOST_SHOWN = 15
"""Labels that everybody sees; the others unfold."""

MOST_LISTED = 500


@dataclass(frozen=True)
class LabelRow:
    """A label in words.

    Attributes:
        label: its name, cut.
        score: its counts.
        precision, recall: with their intervals.
    """

    label: str
    score: LabelScore
    precision: Measure
    recall: Measure


@dataclass(frozen=True)
class LabelSection:
    """What the section shows.

    Attributes:
        hardest: the labels that everybody sees.
        others: those that unfold.
        n_labels: that there are.
        sentence: on those that no test row has; empty where there are none.
    """

    hardest: tuple[LabelRow, ...]
    others: tuple[LabelRow, ...]
    n_labels: int
    sentence: str


def label_section(result: RunResult, language: Language) -> LabelSection | None:
    """Return the labels with the lowest F1 first, those of few rows before those of many; None where there are none."""
    scores = room_of(result.task).pages.label_scores(result.test)
    known = sorted((score for score in scores if score.rows), key=lambda score: (score.f1, score.rows))
    if not known:
        return None
    absent = [score for score in scores if not score.rows]
    sentence = ""
    if absent:
        names = language.listed([shortened(score.label) for score in absent[:5]])
        sentence = language.say("No test row has {n} of the labels: {names}.", n=len(absent), names=names)
    rows = _rows(known[:MOST_LISTED])
    return LabelSection(rows[:MOST_SHOWN], rows[MOST_SHOWN:], len(known), sentence)


def _rows(scores: Sequence[LabelScore]) -> tuple[LabelRow, ...]:
    return tuple(
        LabelRow(shortened(score.label), score, Measure.of(score.precision), Measure.of(score.recall))
        for score in scores
    )
