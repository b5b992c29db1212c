"""When a figure of the doctor's report deserves a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.data.notes import counted, has_fractions, listed
from toolkit.names import Problem

if TYPE_CHECKING:
    from toolkit.data.doctor import SplitReport

IMBALANCED = 10.0
"""Rows of the largest class over those of the smallest from which accuracy misleads."""

FEW_ROWS = 5
"""Rows of a class below which neither learning nor measuring it means much."""


_HOW_TO_BALANCE = "look at f1 beside accuracy, and consider training.class_weights: balanced"


def split_warnings(name: str, report: SplitReport, *, problem: Problem = Problem.SINGLE_LABEL) -> list[str]:
    """What deserves attention in one split.

    Args:
        name: the split's name, or empty where there is one only.
        report: its figures.
        problem: what its labels are.
    """
    lines = _about_rows(report, problem) + _about_classes(report, problem) + _about_scores(report)
    return [f"{name}: {line}" if name else line for line in lines]


def _about_rows(report: SplitReport, problem: Problem) -> list[str]:
    lines = []
    if report.empty_rows:
        places = ", ".join(report.empty_places)
        lines.append(f"{counted(report.empty_rows, 'row')} without text ({places})")
    if report.misread_rows:
        kind = "a finite number" if problem is Problem.REGRESSION else "a list of names"
        places = ", ".join(report.misread_places)
        lines.append(
            f"{counted(report.misread_rows, 'row')} whose label is not {kind} ({places}); training refuses them"
        )
    if report.unlabelled_rows and problem is not Problem.MULTI_LABEL:
        lines.append(f"{counted(report.unlabelled_rows, 'row')} without a label; training refuses them")
    if report.normalised_duplicates:
        lines.append(
            f"{counted(report.normalised_duplicates, 'repetition')} of an earlier row but for case, spacing or "
            f"Unicode form ({report.exact_duplicates:,} letter for letter)"
        )
    if report.conflicting_texts:
        lines.append(f"{counted(report.conflicting_texts, 'text')} with different labels")
    return lines


def _about_classes(report: SplitReport, problem: Problem) -> list[str]:
    if not report.classes:
        return []
    several = problem is Problem.MULTI_LABEL
    if len(report.classes) == 1 and not several:
        return [f"all rows have the label {next(iter(report.classes))!r}; a classifier needs two at least"]
    if not several and has_fractions(list(report.classes)):
        return ["the labels are numbers with fractions: scores, for which there is model.problem_type: regression"]
    lines = []
    if report.imbalance is not None and report.imbalance >= IMBALANCED:
        lines.append(
            f"the largest class has {report.imbalance:g} times the rows of the smallest; "
            + ("look at f1 beside f1_micro" if several else _HOW_TO_BALANCE)
        )
    small = [label for label, count in report.classes.items() if count < FEW_ROWS]
    if small:
        lines.append(f"{counted(len(small), 'class', 'classes')} with fewer than {FEW_ROWS} rows: {listed(small)}")
    return lines


def _about_scores(report: SplitReport) -> list[str]:
    if report.scores is None or report.scores.min < report.scores.max:
        return []
    return [f"all rows have the score {report.scores.min:g}; there is nothing to learn from them"]
