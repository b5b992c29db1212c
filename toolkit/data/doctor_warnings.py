"""When a figure of the doctor's report deserves a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.data.notes import counted, listed

if TYPE_CHECKING:
    from toolkit.data.doctor import SplitReport

IMBALANCED = 10.0
"""Rows of the largest class over those of the smallest from which accuracy misleads."""

FEW_ROWS = 5
"""Rows of a class below which neither learning nor measuring it means much."""


def split_warnings(name: str, report: SplitReport) -> list[str]:
    """What deserves attention in one split.

    Args:
        name: the split's name, or empty where there is one only.
        report: its figures.
    """
    lines = _about_rows(report) + _about_classes(report)
    return [f"{name}: {line}" if name else line for line in lines]


def _about_rows(report: SplitReport) -> list[str]:
    lines = []
    if report.empty_rows:
        places = ", ".join(report.empty_places)
        lines.append(f"{counted(report.empty_rows, 'row')} without text ({places})")
    if report.unlabelled_rows:
        lines.append(f"{counted(report.unlabelled_rows, 'row')} without a label; training refuses them")
    if report.normalised_duplicates:
        lines.append(
            f"{counted(report.normalised_duplicates, 'repetition')} of an earlier row but for case, spacing or "
            f"Unicode form ({report.exact_duplicates:,} letter for letter)"
        )
    if report.conflicting_texts:
        lines.append(f"{counted(report.conflicting_texts, 'text')} with different labels")
    return lines


def _about_classes(report: SplitReport) -> list[str]:
    if not report.classes:
        return []
    if len(report.classes) == 1:
        return [f"all rows have the label {next(iter(report.classes))!r}; a classifier needs two at least"]
    lines = []
    if report.imbalance is not None and report.imbalance >= IMBALANCED:
        lines.append(
            f"the largest class has {report.imbalance:g} times the rows of the smallest; "
            "look at f1 beside accuracy, and consider training.class_weights: balanced"
        )
    small = [label for label, count in report.classes.items() if count < FEW_ROWS]
    if small:
        lines.append(f"{counted(len(small), 'class', 'classes')} with fewer than {FEW_ROWS} rows: {listed(small)}")
    return lines
