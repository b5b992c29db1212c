"""Comparison of two splits: rows that both have, labels that one lacks, shares of labels, lengths of texts."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from toolkit.data.doctor_report import Overlap, SplitReport
from toolkit.data.labels import label_kind
from toolkit.data.wording import counted, listed
from toolkit.names import Problem

OTHER_SHARES = 0.1
"""Share of the rows whose label would have to change until two splits have the same shares of labels."""

OTHER_LENGTHS = 1.5
"""Ratio of the median lengths of two splits from which they are told."""


def pair_warnings(overlap: Overlap, splits: Mapping[str, SplitReport], *, problem: Problem) -> list[str]:
    """Return what is different or shared between two splits, a line each.

    Args:
        overlap: the rows that both have.
        splits: the reports of all splits.
        problem: the problem type of the labels.
    """
    first, second = splits[overlap.first], splits[overlap.second]
    lines = []
    if overlap.normalised:
        lines.append(
            f"{overlap.normalised:,} of {counted(second.rows, 'row')} of {overlap.second} are in {overlap.first} too, "
            f"{overlap.exact:,} of them letter for letter"
        )
    if first.classes is not None and second.classes is not None:
        noun = ("label", "labels") if label_kind(problem).empty else ("class", "classes")
        lines += _labels(overlap, first.classes, second.classes, noun)
    names = (overlap.first, overlap.second)
    (shorter, short), (longer, long) = sorted((splits[name].characters.median, name) for name in names)
    if longer > OTHER_LENGTHS * shorter > 0:
        lines.append(f"texts of {long} are longer than those of {short}: median {longer:,.0f} and {shorter:,.0f}")
    return lines


def _labels(overlap: Overlap, first: Mapping[str, int], second: Mapping[str, int], noun: tuple[str, str]) -> list[str]:
    lines = []
    for name, its, other, others in (
        (overlap.first, first, overlap.second, second),
        (overlap.second, second, overlap.first, first),
    ):
        missing = [label for label in others if label not in its]
        if missing:
            lines.append(f"{name} has no row of {counted(len(missing), *noun)} of {other}: {listed(missing)}")
    totals = sum(first.values()), sum(second.values())
    if not lines and all(totals):
        distance = sum(abs(first[label] / totals[0] - second[label] / totals[1]) for label in first) / 2
        if distance >= max(OTHER_SHARES, sqrt(len(first) / min(totals))):
            far = max(first, key=lambda label: abs(first[label] / totals[0] - second[label] / totals[1]))
            lines.append(
                f"{overlap.second} has other shares of {noun[1]} than {overlap.first}: {far!r} is "
                f"{second[far] / totals[1]:.0%} and {first[far] / totals[0]:.0%} of the rows"
            )
    return lines
