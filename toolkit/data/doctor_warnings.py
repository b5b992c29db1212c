"""Warnings about figures of the doctor's report."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.data.doctor_report import SplitReport
from toolkit.data.labels import LabelKind, label_kind
from toolkit.data.wording import counted, listed
from toolkit.names import Problem


def split_warnings(
    name: str, report: SplitReport, *, problem: Problem = Problem.SINGLE_LABEL, labels: Sequence[str] = ()
) -> list[str]:
    """Return the figures of a split that deserve attention, a line each.

    Args:
        name: the split's name, or empty if it is the only one.
        report: its figures.
        problem: the problem type of its labels.
        labels: their names, if they are known.
    """
    kind = label_kind(problem)
    lines = _about_rows(report, kind) + _unnamed(report, labels) + kind.warnings(report)
    return [f"{name}: {line}" if name else line for line in lines]


def _unnamed(report: SplitReport, labels: Sequence[str]) -> list[str]:
    """Return a line on labels that are not among those that were named."""
    strange = sorted(set(report.classes or ()).difference(labels)) if labels else []
    return [f"labels that are not among the named ones ({listed(strange)}); training refuses them"] if strange else []


def _about_rows(report: SplitReport, kind: LabelKind) -> list[str]:
    lines = []
    if report.empty_rows:
        places = ", ".join(report.empty_places)
        lines.append(f"{counted(report.empty_rows, 'row')} without text ({places})")
    if report.misread_rows:
        places = ", ".join(report.misread_places)
        lines.append(
            f"{counted(report.misread_rows, 'row')} whose label is not {kind.expected} ({places}); "
            "training refuses them"
        )
    if report.unlabelled_rows and kind.requires_label:
        places = ", ".join(report.unlabelled_places)
        lines.append(f"{counted(report.unlabelled_rows, 'row')} without a label; training refuses them ({places})")
    if report.normalised_duplicates:
        lines.append(
            f"{counted(report.normalised_duplicates, 'repetition')} of an earlier row but for case, spacing or "
            f"Unicode form ({report.exact_duplicates:,} letter for letter)"
        )
    if report.conflicting_texts:
        lines.append(f"{counted(report.conflicting_texts, 'text')} with different labels")
    for script, first in report.strange_scripts.items():
        n_rows = counted(report.scripts[script], "text")
        lines.append(f"{n_rows} mostly in {script} letters, unlike the rest ({', '.join(first)})")
    if report.decomposed_texts:
        lines.append(
            f"{counted(report.decomposed_texts, 'text')} with letters taken apart (Unicode form D); training and "
            "predicting put them together"
        )
    return lines
