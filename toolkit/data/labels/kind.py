"""The interface of a kind of label: how labels are read, divided, learnt and reported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from toolkit.data.column_names import ColumnName, plain_names
from toolkit.data.doctor_report import Numbers, SplitReport
from toolkit.data.tables import Table
from toolkit.data.text_column import TextColumn
from toolkit.errors import Fault, RecipeError
from toolkit.names import Problem, Split


@dataclass(frozen=True)
class LabelFigures:
    """The label figures of a split: see the attributes of the same names of `SplitReport`."""

    classes: dict[str, int] | None = None
    imbalance: float | None = None
    scores: Numbers | None = None


class LabelKind(ABC):
    """A kind of label.

    A label is kept as a string, in the form that `toolkit.data.normalise` describes. Labels of the same meaning
    are equal strings, so all kinds are compared, hashed and divided alike.

    Attributes:
        problem: the library's name of the problem type.
        noun: the label in messages, such as ``score``.
        expected: the required content of a cell, such as ``a finite number``.
        misread: the message about cells with other content.
        variety: the fix for training rows that all have the same label.
        empty: the label of a row that has none.
        counts_shots: whether rows can be counted out by class.
        column: the task's name of the column of labels.
    """

    problem: ClassVar[Problem]
    noun: ClassVar[str]
    expected: ClassVar[str]
    misread: ClassVar[str]
    variety: ClassVar[str]
    empty: ClassVar[str] = ""
    counts_shots: ClassVar[bool] = False
    column: ClassVar[str] = "label"

    @property
    def requires_label(self) -> bool:
        """Return whether a blank cell is a missing label; otherwise it is a label of its own."""
        return not self.empty

    # Reading.

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what reading took upon itself, a line each."""
        return ()

    def accepts(self, content: str) -> bool:
        """Return whether a label column may have content other than text, such as ``lists``."""
        return False

    def gathered(self, table: Table, columns: Mapping[str, ColumnName]) -> tuple[Table, dict[str, str]]:
        """Return a table with one label column, and the names of its columns; columns of 0 and 1 become lists of names.

        Raises:
            DataError: a list of columns names one that is not there, or that holds something else than 0 and 1.
            RecipeError: columns of 0 and 1 are named, and this is no kind of several labels.
        """
        several = next((column for column in columns.values() if isinstance(column, list)), None)
        if several is not None:
            message = f"{len(several)} columns of labels are named, and the labels are {self.problem}; name one"
            raise RecipeError(message, where="--label-column")
        return table, plain_names(columns)

    def fitted(self, cells: Iterable[str | None], *, merge: bool = False) -> LabelKind:
        """Return this kind with the spelling that it has in these cells, such as the separator of names.

        Args:
            cells: of all splits.
            merge: whether names that differ in case, white space or width only become one.
        """
        return self

    def named(self, names: Sequence[str]) -> LabelKind:
        """Return this kind with the names of the places of vectors of 0 and 1."""
        return self

    def known(self, outputs: Sequence[str], *, merge: bool = False) -> LabelKind:
        """Return this kind with the spelling of a model's outputs: a label that is the same name is spelt like it.

        Args:
            outputs: the names of the model's outputs.
            merge: whether names that differ in case, white space or width only are the same too.
        """
        return self

    @abstractmethod
    def clean(self, cell: str | None) -> str:
        """Return the label of a cell.

        Raises:
            ValueError: if the cell has other content than `expected`.
        """

    def column_faults(self, table: Table, column: str) -> list[Fault]:
        """Return the faults of naming a column, with what to name instead.

        Args:
            table: with all columns of the data.
            column: the one that is named for the labels.
        """
        return []

    def faults(self, table: Table) -> list[Fault]:
        """Return the faults of a label column as a whole, if it has some."""
        return []

    # Dividing.

    def strata(self, labels: Sequence[str]) -> Sequence[str]:
        """Return the stratum of each row; every split gets its share of every stratum."""
        return labels

    def about_cuts(self, labels: Sequence[str], cuts: Mapping[Split, int]) -> list[str]:
        """Return notes on cutting splits of some numbers of rows from rows with these labels."""
        return []

    # Learning.

    @abstractmethod
    def names(self, label: str) -> list[str]:
        """Return the classes that a label names."""

    @abstractmethod
    def outputs(
        self, labels: Sequence[str], *, given: Sequence[str] = (), known: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        """Return the names of the model's outputs, in their order.

        Args:
            labels: of the training rows.
            given: the possible values, if the source lists them.
            known: the outputs of a model that has them already.
        """

    @abstractmethod
    def label_columns(self, labels: Sequence[str], index: Mapping[str, int]) -> dict[str, Any]:
        """Return the label columns of a data set to learn from, as Arrow arrays: ``label``, ``reference`` and others.

        Args:
            labels: of the rows.
            index: the output of each class.
        """

    def reference_columns(self, labels: TextColumn[str | None]) -> dict[str, Any]:
        """Return the label columns of a data set to measure on; None is a missing label."""
        return {"reference": labels.as_strings()}

    # Reporting.

    def plain(self, label: str) -> str:
        """Return a label for a line that has only it."""
        return label

    def quoted(self, label: str) -> str:
        """Return a label for the middle of a sentence."""
        return label

    def about_split(
        self, split: Split, labels: Sequence[str], *, train: Sequence[str], outputs: Sequence[str]
    ) -> list[str]:
        """Return notes on the labels of a split beside those of the training rows and the model's outputs."""
        return []

    def about_spelling(self, labels: Iterable[str]) -> list[str]:
        """Return a note on names that differ in their spelling only.

        Args:
            labels: of the rows of all splits.
        """
        return []

    def about_outputs(self, outputs: Sequence[str]) -> list[str]:
        """Return notes on the model's outputs."""
        return []

    @abstractmethod
    def figures(self, labels: Sequence[str]) -> LabelFigures:
        """Return the figures of the labels that are there."""

    @abstractmethod
    def warnings(self, report: SplitReport) -> list[str]:
        """Return the label figures that deserve attention, a line each."""
