"""Labels that name classes: the part that one class and several have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from toolkit.data.doctor_report import SplitReport
from toolkit.data.labels.kind import LabelFigures, LabelKind
from toolkit.data.wording import counted, listed
from toolkit.names import Split

IMBALANCED = 10.0
"""Rows of the largest class over rows of the smallest from which accuracy misleads."""

FEW_ROWS = 5
"""Rows of a class below which neither learning nor measuring it means much."""


class Classes(LabelKind):
    """Labels that name classes.

    Attributes:
        balance: the advice for classes of very different sizes.
    """

    balance: ClassVar[str]

    def outputs(
        self, labels: Sequence[str], *, given: Sequence[str] = (), known: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """Return the classes: those of the model, else in the order of the source, else sorted."""
        if known is not None:
            return tuple(known)
        found = {name for label in set(labels) for name in self.names(label)}
        if found.issubset(given):
            return tuple(name for name in given if name in found)
        return tuple(sorted(found, key=_by_number if all(map(_is_integer, found)) else str))

    def about_split(
        self, split: Split, labels: Sequence[str], *, train: Sequence[str], outputs: Sequence[str]
    ) -> list[str]:
        """Return notes on classes that only the split has, and on classes that it lacks."""
        classes_of = {label: set(self.names(label)) for label in set(labels)}
        found = set().union(*classes_of.values())
        unseen = found.difference(outputs)
        absent = [name for name in outputs if name not in found]
        notes = []
        if unseen:
            n_rows = sum(not classes_of[label].isdisjoint(unseen) for label in labels)
            notes.append(
                f"the {split} split has {counted(n_rows, 'row')} of a class that training has not "
                f"({listed(sorted(unseen))}); counted as wrong"
            )
        if absent:
            notes.append(
                f"the {split} split has no row of {len(absent)} of {len(outputs)} classes ({listed(absent)}); "
                "f1 is the mean over all of them"
            )
        return notes

    def figures(self, labels: Sequence[str]) -> LabelFigures:
        """Return the rows of each class, and how unequal they are."""
        counts: Counter[str] = Counter()
        for label, n_rows in Counter(labels).items():
            for name in self.names(label):
                counts[name] += n_rows
        imbalance = round(max(counts.values()) / min(counts.values()), 2) if counts else None
        return LabelFigures(classes=dict(counts.most_common()), imbalance=imbalance)

    def warnings(self, report: SplitReport) -> list[str]:
        """Return warnings about classes of very different sizes, and about very small ones."""
        lines = []
        if report.imbalance is not None and report.imbalance >= IMBALANCED:
            lines.append(f"the largest class has {report.imbalance:g} times the rows of the smallest; {self.balance}")
        small = [name for name, n_rows in (report.classes or {}).items() if n_rows < FEW_ROWS]
        if small:
            lines.append(f"{counted(len(small), 'class', 'classes')} with fewer than {FEW_ROWS} rows: {listed(small)}")
        return lines


def _is_integer(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _by_number(name: str) -> tuple[int, str]:
    return int(name), name
