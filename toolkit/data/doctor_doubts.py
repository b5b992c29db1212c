"""The result of an examination with a model: rows to look at, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolkit.data.doctor_report import DoctorReport
from toolkit.data.doctor_tokens import TokenReport
from toolkit.data.examples import Examples
from toolkit.wording import shortened


@dataclass(frozen=True)
class ReadRow:
    """A row that was read with the model.

    Attributes:
        split: its split.
        position: its position there, from 0.
        examples: the rows of the split.
    """

    split: str
    position: int
    examples: Examples

    @property
    def place(self) -> str:
        """Return its file and line."""
        name, line = self.examples.table.place(int(self.examples.ids[self.position]))
        return f"{name}:{line}"

    @property
    def text(self) -> str:
        """Return its first text, shortened to one line."""
        return shortened(next(iter(self.examples.texts.values()))[self.position])

    @property
    def label(self) -> str:
        """Return its label."""
        return self.examples.labels[self.position]


@dataclass(frozen=True)
class Doubt:
    """A reason to look at a row.

    Attributes:
        row: which one.
        reason: in words, for people.
        suggestion: the label that the other rows suggest, if the label is doubted.
    """

    row: ReadRow
    reason: str
    suggestion: str = ""


@dataclass(frozen=True)
class Trust:
    """Rows to look at.

    Attributes:
        rows: number of rows that were read with the model.
        of_rows: number of rows that there are.
        wrong_share: the estimated share of wrong labels; None where labels are not one class each, or too few.
        agreement: the share of labels that heads on the features give to rows that they have not learnt from.
        labels: doubted labels, the most certain error first.
        near_duplicates: rows that nearly repeat an earlier one.
        across: how many of them repeat a row of another split.
        outliers: rows that are like no other, the farthest first.
    """

    rows: int
    of_rows: int
    wrong_share: float | None
    agreement: float | None
    labels: tuple[Doubt, ...]
    near_duplicates: tuple[Doubt, ...]
    across: int
    outliers: tuple[Doubt, ...]

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Return all of them, those about labels first."""
        return (*self.labels, *self.near_duplicates, *self.outliers)


@dataclass(frozen=True)
class ModelReport:
    """The rows as a model reads them.

    Attributes:
        name: of the model.
        tokens: figures of its tokenizer.
        warnings: what it cannot read, a line each.
        trust: rows to look at; None where the model reads the texts too badly to tell.
        files: csv files to correct, with the number of their rows to look at.
    """

    name: str
    tokens: TokenReport
    warnings: tuple[str, ...]
    trust: Trust | None
    files: Mapping[Path, int]


@dataclass(frozen=True)
class Examination:
    """The result of an examination.

    Attributes:
        data: what was found without a model.
        model: what was found with one; None without.
        recipe: lines of a recipe for these data that mend what a recipe can mend; none without labels.
    """

    data: DoctorReport
    model: ModelReport | None
    recipe: tuple[str, ...]
