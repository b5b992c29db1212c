"""Labels that are numbers: scores to predict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.data.coded_text import CodedText
from toolkit.data.doctor_report import Numbers, SplitReport
from toolkit.data.labels.kind import LabelFigures, LabelKind
from toolkit.data.normalise import clean_number, number_text
from toolkit.data.splits import quantile_strata
from toolkit.data.wording import counted
from toolkit.names import Problem, Split

_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")

SCORE = "score"
"""The name of the one output of a model that predicts a number."""


@dataclass(frozen=True)
class Number(LabelKind):
    """A finite number a text.

    Attributes:
        decimal_comma: whether a comma begins the fraction, as in ``4,5``.
    """

    decimal_comma: bool = False

    problem = Problem.REGRESSION
    noun = "score"
    expected = "a finite number"
    misread = "the label is not a finite number"
    variety = "a score is learnt from rows with different ones"

    def fitted(self, cells: Iterable[str | None], *, merge: bool = False) -> Number:
        """Return this kind with decimal commas if the whole column agrees.

        Then no cell has a point, and not all commas may as well stand between thousands, as in ``1,234``.
        """
        known = {cell.strip() for cell in cells if cell}
        found = {cell for cell in known if "," in cell}
        agree = all(_DECIMAL_COMMA.fullmatch(cell) for cell in found) and not any("." in cell for cell in known)
        return replace(self, decimal_comma=bool(found) and agree and not all(map(_THOUSANDS.fullmatch, found)))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return that commas begin the fractions, if they do."""
        return ("commas in the scores begin the fraction, as 4,5 is 4.5",) if self.decimal_comma else ()

    def clean(self, cell: str | None) -> str:
        """Return the number in a cell as Python writes it; empty without one.

        Raises:
            ValueError: if the cell is not a finite number.
        """
        return clean_number(cell.replace(",", ".") if cell and self.decimal_comma else cell)

    def strata(self, labels: Sequence[str]) -> Sequence[str]:
        """Return the tenth of all numbers to which each belongs."""
        return quantile_strata(_numbers(labels))

    def names(self, label: str) -> list[str]:
        """Return nothing: a number names no class."""
        return []

    def outputs(
        self, labels: Sequence[str], *, given: Sequence[str] = (), known: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """Return the name of the one output."""
        return (SCORE,)

    def label_columns(self, labels: Sequence[str], index: Mapping[str, int]) -> dict[str, Any]:
        """Return ``label``, the number, and ``reference``, its text."""
        import pyarrow

        return {"label": pyarrow.array(_numbers(labels)), "reference": CodedText.of(labels).as_strings()}

    def about_split(
        self, split: Split, labels: Sequence[str], *, train: Sequence[str], outputs: Sequence[str]
    ) -> list[str]:
        """Return a note on numbers beyond those of the training rows."""
        known, found = _numbers(train), _numbers(labels)
        low, high = float(known.min()), float(known.max())
        n_rows = int(((found < low) | (found > high)).sum())
        if not n_rows:
            return []
        scale = f"{number_text(low)} to {number_text(high)}"
        return [f"the {split} split has {counted(n_rows, 'row')} with a score outside of those of training ({scale})"]

    def figures(self, labels: Sequence[str]) -> LabelFigures:
        """Return a summary of the numbers."""
        if not labels:
            return LabelFigures()
        numbers = _numbers(labels)
        mean, sd = (round(float(figure), 4) for figure in (numbers.mean(), numbers.std()))
        return LabelFigures(scores=Numbers(float(numbers.min()), mean, sd, float(numbers.max())))

    def warnings(self, report: SplitReport) -> list[str]:
        """Return a warning if all numbers are equal."""
        if report.scores is None or report.scores.min < report.scores.max:
            return []
        return [f"all rows have the score {report.scores.min:g}; there is nothing to learn from them"]


def _numbers(labels: Sequence[str]) -> NDArray[np.float64]:
    """Return labels as ``float64 [rows]``."""
    coded = CodedText.of(labels)
    values: NDArray[np.float64] = np.array([float(value) for value in coded.values])[coded.codes]
    return values
