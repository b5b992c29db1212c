"""Labels that name one class each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from toolkit.data.coded_text import CodedText
from toolkit.data.doctor_report import SplitReport
from toolkit.data.labels.classes import Classes
from toolkit.data.labels.spelling import Spelling
from toolkit.data.wording import listed
from toolkit.names import Problem, Split


@dataclass(frozen=True)
class OneClass(Classes):
    """One class a text; also the kind of rows without any label, which are all of the same stratum.

    Args:
        spelling: of the names.
    """

    spelling: Spelling = field(default_factory=Spelling)

    problem = Problem.SINGLE_LABEL
    noun = "label"
    expected = "text"
    misread = "the label is not text"
    variety = "a classifier needs rows of two classes at least"
    counts_shots = True
    balance = "look at f1 beside accuracy, and consider training.class_weights: balanced"

    def clean(self, cell: str | None) -> str:
        """Return the name in a cell; empty without one."""
        return self.spelling.name(cell)

    def fitted(self, cells: Iterable[str | None], *, merge: bool = False) -> OneClass:
        """Return the kind with the most frequent spelling of each name, if names are merged."""
        if not merge:
            return self
        counts = Counter(map(self.spelling.name, cells))
        return replace(self, spelling=self.spelling.merged({name: n for name, n in counts.items() if name}))

    def known(self, outputs: Sequence[str], *, merge: bool = False) -> OneClass:
        """Return the kind with the spelling of a model's outputs."""
        return replace(self, spelling=Spelling.of(outputs, merge=merge))

    def names(self, label: str) -> list[str]:
        """Return the one class."""
        return [label]

    def quoted(self, label: str) -> str:
        """Return the class in quotes."""
        return repr(label)

    def about_cuts(self, labels: Sequence[str], cuts: Mapping[Split, int]) -> list[str]:
        """Return notes on classes of one row, and on splits that are smaller than the number of classes."""
        counts = Counter(labels)
        single = sorted(label for label, count in counts.items() if count == 1)
        notes = []
        if single:
            notes.append(
                f"{len(single)} of {len(counts)} classes have one row only, which cannot be divided: {listed(single)}"
            )
        for split, n_rows in cuts.items():
            if n_rows < len(counts):
                notes.append(f"the {split} split of {n_rows} rows cannot hold all {len(counts)} classes")
        return notes

    def label_columns(self, labels: Sequence[str], index: Mapping[str, int]) -> dict[str, Any]:
        """Return ``label``, the output of each class (-1 for a class without one), and ``reference``, its name."""
        import pyarrow

        coded = CodedText.of(labels)
        outputs = np.array([index.get(value, -1) for value in coded.values], dtype=np.int64)
        return {"label": pyarrow.array(outputs[coded.codes]), "reference": coded.as_strings()}

    def about_outputs(self, outputs: Sequence[str]) -> list[str]:
        """Return a note if the classes look like scores."""
        if not has_fractions(outputs):
            return []
        return [
            "the labels are numbers with fractions, and each is learnt as a class of its own; "
            "model.problem_type: regression learns how large they are"
        ]

    def warnings(self, report: SplitReport) -> list[str]:
        """Return a warning if there is one class only or the classes look like scores; else those about sizes."""
        if report.classes and len(report.classes) == 1:
            return [f"all rows have the label {next(iter(report.classes))!r}; a classifier needs two at least"]
        if report.classes and has_fractions(list(report.classes)):
            return ["the labels are numbers with fractions: scores, for which there is model.problem_type: regression"]
        return super().warnings(report)


def has_fractions(labels: Sequence[str]) -> bool:
    """Return whether all labels are numbers and some have a fraction: scores, rather than names of classes."""
    try:
        numbers = [float(label) for label in labels]
    except ValueError:
        return False
    return any(number % 1 for number in numbers)
