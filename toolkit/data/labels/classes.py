"""Labels that name classes: the part that one class and several have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from toolkit.data.doctor_report import SplitReport
from toolkit.data.labels.kind import LabelFigures, LabelKind
from toolkit.data.labels.spelling import alike, in_words
from toolkit.data.wording import counted, listed
from toolkit.names import Split

IMBALANCED = 10.0
"""Rows of the largest class over rows of the smallest from which accuracy misleads."""

FEW_ROWS = 5
"""Rows of a class below which neither learning nor measuring it means much."""

FEW_CLASSES = 10
"""Classes up to which any number of rows may be enough."""

SHARED = 0.1
"""Share of the rows below which a split has almost no label in common with another."""


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

    def about_spelling(self, labels: Iterable[str]) -> list[str]:
        """Return a note on names that differ in case, white space or width only, with the rows of each."""
        return about_spelling(self.rows_of(labels))

    def rows_of(self, labels: Iterable[str]) -> dict[str, int]:
        """Return the rows of each class."""
        return rows_of({tuple(self.names(label)): n_rows for label, n_rows in Counter(labels).items()})

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
        counts = Counter(self.rows_of(labels))
        imbalance = round(max(counts.values()) / min(counts.values()), 2) if counts else None
        return LabelFigures(classes=dict(counts.most_common()), imbalance=imbalance)

    def warnings(self, report: SplitReport) -> list[str]:
        """Return warnings about classes of very different sizes, and about very small ones."""
        classes = report.classes or {}
        if has_own_labels(len(classes), sum(classes.values())):
            return [f"{own_labels(len(classes), report.rows)}; name another column with data.columns.{self.column}"]
        lines = about_spelling(classes)
        if report.imbalance is not None and report.imbalance >= IMBALANCED:
            lines.append(f"the largest class has {report.imbalance:g} times the rows of the smallest; {self.balance}")
        small = [name for name, n_rows in (report.classes or {}).items() if n_rows < FEW_ROWS]
        if small:
            lines.append(f"{counted(len(small), 'class', 'classes')} with fewer than {FEW_ROWS} rows: {listed(small)}")
        return lines


def rows_of(counts: Mapping[tuple[str, ...], int]) -> dict[str, int]:
    """Return the rows of each name from those of each set of names."""
    found: Counter[str] = Counter()
    for names, n_rows in counts.items():
        for name in names:
            found[name] += n_rows
    return dict(found)


def has_own_labels(n_classes: int, n_rows: int) -> bool:
    """Return whether nearly every row has a label of its own, which nothing can be learnt from."""
    return n_classes > FEW_CLASSES and 3 * n_classes > 2 * n_rows


def own_labels(n_classes: int, n_rows: int) -> str:
    """Return in words that nearly every row has a label of its own."""
    return (
        f"{n_rows:,} rows have {n_classes:,} different labels: this is hardly a column of labels, "
        "but one of ids, texts or numbers"
    )


def shares_labels(counts: Mapping[tuple[str, ...], int], outputs: Iterable[str]) -> bool:
    """Return whether enough rows with labels have one that is among the outputs; rows without labels do not count.

    Args:
        counts: rows of each set of names.
        outputs: of the model.
    """
    known = set(outputs)
    n_labelled = sum(n_rows for names, n_rows in counts.items() if names)
    n_known = sum(n_rows for names, n_rows in counts.items() if not known.isdisjoint(names))
    return n_known >= SHARED * n_labelled


def about_spelling(
    counts: Mapping[str, int], *, outputs: Sequence[str] = (), fix: str = "data.merge_labels: true makes them one"
) -> list[str]:
    """Return a note on names that differ in case, white space or width only.

    Args:
        counts: rows of each name.
        outputs: names of a model, which count without rows.
        fix: what to do.
    """
    counts = {**dict.fromkeys(outputs, 0), **counts}
    groups = alike(counts)
    if not groups:
        return []
    return [f"labels that differ in case, white space or width only: {in_words(groups, counts)}; {fix}"]


def strangers(counts: Mapping[tuple[str, ...], int], outputs: Sequence[str], *, theirs: str) -> str | None:
    """Return the fault of rows that have almost no label in common with outputs; None if they have enough.

    Args:
        counts: rows of each set of names.
        outputs: of the model.
        theirs: whose outputs these are, in words.
    """
    if shares_labels(counts, outputs):
        return None
    found = sorted({name for names in counts for name in names})
    share = "none" if set(found).isdisjoint(outputs) else "hardly any"
    return f"the labels ({listed(found)}) are {share} of {theirs} ({listed(outputs)}); use the same names"


def _is_integer(name: str) -> bool:
    return name.removeprefix("-").isdecimal()


def _by_number(name: str) -> tuple[int, str]:
    return int(name), name
