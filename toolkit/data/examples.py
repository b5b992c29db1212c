"""Texts, perhaps labelled, between the table that they were read from and the data set that a model learns from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from toolkit.data.normalise import (
    LONGEST_CHARACTERS,
    clean_label,
    clean_label_set,
    clean_number,
    clean_text,
    comparison_key,
    is_blank,
    label_separator,
    names_of,
)
from toolkit.data.tables import Table
from toolkit.errors import DataError, Fault
from toolkit.names import Problem

if TYPE_CHECKING:
    from datasets import Dataset

TEXT_COLUMNS = ("text", "text_pair", "source", "target")
"""The task's own names of columns that hold texts; a row has one or two of them."""

_HASHED_AT_ONCE = 10_000

_MISREAD = {
    Problem.MULTI_LABEL: 'the labels are no list of names (write ["a", "b"], or a;b)',
    Problem.REGRESSION: "the label is not a finite number",
}
_VECTOR = re.compile(r'\[\s*"?[01]"?\s*(,\s*"?[01]"?\s*)+\]')


@dataclass(frozen=True)
class Examples:
    """Rows of a table in the form that the models see.

    Attributes:
        table: where they came from, to name their lines.
        ids: the 0-based row of each in the table.
        texts: normalised texts by the name of their column: ``text``, perhaps with ``text_pair``, or
            ``source`` with ``target``.
        labels: normalised labels, as `toolkit.data.normalise` writes them; empty where there is none.
        problem: what they are.
    """

    table: Table
    ids: list[int]
    texts: dict[str, list[str]]
    labels: list[str]
    problem: Problem = Problem.SINGLE_LABEL

    @classmethod
    def of(cls, table: Table, *, problem: Problem = Problem.SINGLE_LABEL, separator: str | None = None) -> Examples:
        """All rows of a table whose columns have the task's own names, perhaps with ``label``.

        Args:
            table: the rows.
            problem: what their labels are.
            separator: between several names in a cell; None finds it in this table.

        Raises:
            DataError: with the lines whose label is not what the problem needs.
        """
        misread = misread_labels(table, problem)
        if misread:
            raise DataError(*about_misread(table, problem, misread))
        n_rows = table.n_rows
        cells = table.columns.get("label", [None] * n_rows)
        clean = _label_reader(problem, separator or label_separator(cells))
        return cls(
            table=table,
            ids=list(range(n_rows)),
            texts={name: [clean_text(cell) for cell in cells] for name, cells in _text_columns(table).items()},
            labels=[clean(cell) for cell in cells],
            problem=problem,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Sequence[int]) -> Examples:
        """The examples at some positions, in this order."""
        return replace(
            self,
            ids=[self.ids[i] for i in positions],
            texts={name: [cells[i] for i in positions] for name, cells in self.texts.items()},
            labels=[self.labels[i] for i in positions],
        )

    def blank(self) -> list[int]:
        """The positions of which a text has nothing but white space."""
        return [i for i, cells in enumerate(zip(*self.texts.values(), strict=True)) if any(map(is_blank, cells))]

    @cached_property
    def keys(self) -> list[str]:
        """What `comparison_key` makes of each."""
        return [comparison_key(*cells) for cells in zip(*self.texts.values(), strict=True)]

    def said(self, message: str, positions: Sequence[int]) -> list[str]:
        """A message with the lines that it is about, one a file."""
        return [str(fault) for fault in self.table.faults(message, [self.ids[i] for i in positions])]

    def to_dataset(self, label_index: Mapping[str, int] | None = None) -> Dataset:
        """``id`` and the texts by their names; given an index, also ``label`` and ``reference``.

        Args:
            label_index: the place of each class among the model's outputs. ``label`` is that place (-1: none); of
                several labels 1.0 or 0.0 for each place, with all their names as ``label_names``; or a number.
        """
        import pyarrow
        from datasets import Dataset

        # By way of Arrow: `Dataset.from_dict` looks at every cell in Python, which takes ten times as long.
        columns = {"id": pyarrow.array(self.ids, pyarrow.int64())}
        columns |= {name: _text(cells) for name, cells in self.texts.items()}
        if label_index is not None:
            columns |= _LABEL_COLUMNS[self.problem](self.labels, label_index)
        return Dataset(pyarrow.table(columns))


def misread_labels(table: Table, problem: Problem) -> list[int]:
    """The rows of a table whose label is not what a problem needs; a missing one is not among them."""
    clean = _label_reader(problem, "")
    misread = []
    for row, cell in enumerate(table.columns.get("label", [])):
        try:
            clean(cell)
        except ValueError:
            misread.append(row)
    return misread


def about_misread(table: Table, problem: Problem, rows: Sequence[int]) -> list[Fault]:
    """One fault a file about rows that `misread_labels` found."""
    return table.faults(_MISREAD[problem], rows)


def vector_fault(table: Table) -> Fault | None:
    """What is wrong with several labels a row where they are written as places of 0 and 1, not as names."""
    cells = [cell.strip() for cell in table.columns.get("label", []) if cell]
    is_vector = bool(cells) and all(map(_VECTOR.fullmatch, cells)) and len({cell.count(",") for cell in cells}) == 1
    # No list names a label twice, and every longer vector has a number twice.
    if not is_vector or all(cell.count("0") < 2 and cell.count("1") < 2 for cell in cells):
        return None
    return Fault("the labels are lists of 0 and 1; write the names of those that are 1", table.name)


def cut_cells(table: Table) -> list[str]:
    """A line a file about the cells that `clean_text` cuts."""
    long = {
        row
        for cells in _text_columns(table).values()
        for row, cell in enumerate(cells)
        if cell is not None and len(cell) > LONGEST_CHARACTERS
    }
    message = f"text cut to its first {LONGEST_CHARACTERS:,} characters"
    return [str(fault) for fault in table.faults(message, sorted(long))]


def digest(splits: Mapping[str, Examples]) -> str:
    """The SHA-256 over the rows of all splits, in 64 hex digits; the same on every machine."""
    total = sha256()
    for name, examples in splits.items():
        texts, *pairs = examples.texts.values()
        rows = zip(examples.ids, texts, pairs[0] if pairs else repeat(None, len(texts)), examples.labels, strict=True)
        while block := list(islice(rows, _HASHED_AT_ONCE)):
            # JSON keeps the cells apart whatever they hold.
            total.update(json.dumps([name, block], ensure_ascii=False).encode("utf-8"))
    return total.hexdigest()


def _text_columns(table: Table) -> dict[str, list[str | None]]:
    return {name: table.columns[name] for name in TEXT_COLUMNS if name in table.columns}


def _text(cells: list[str]) -> Any:
    import pyarrow

    return pyarrow.array(cells, pyarrow.string())


def _label_reader(problem: Problem, separator: str) -> Callable[[str | None], str]:
    readers: dict[Problem, Callable[[str | None], str]] = {
        Problem.SINGLE_LABEL: clean_label,
        Problem.MULTI_LABEL: partial(clean_label_set, separator=separator or ";"),
        Problem.REGRESSION: clean_number,
    }
    return readers[problem]


def _classes(labels: list[str], index: Mapping[str, int]) -> dict[str, Any]:
    import pyarrow

    numbers = [index.get(label, -1) for label in labels]
    return {"label": pyarrow.array(numbers, pyarrow.int64()), "reference": _text(labels)}


def _label_sets(labels: list[str], index: Mapping[str, int]) -> dict[str, Any]:
    import numpy as np
    import pyarrow

    # In the order of the model's outputs, those that it has not behind them.
    sets = [sorted(names_of(label), key=lambda name: index.get(name, len(index))) for label in labels]
    places = np.zeros((len(sets), len(index)), dtype=np.float32)
    for row, names in enumerate(sets):
        places[row, [index[name] for name in names if name in index]] = 1.0
    lists = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(places.ravel()), len(index))
    return {
        "label": lists.cast(pyarrow.list_(pyarrow.float32())),
        "reference": _text([", ".join(names) for names in sets]),
        "label_names": pyarrow.array(sets, pyarrow.list_(pyarrow.string())),
    }


def _numbers(labels: list[str], _: Mapping[str, int]) -> dict[str, Any]:
    import pyarrow

    return {"label": pyarrow.array([float(label) for label in labels], pyarrow.float64()), "reference": _text(labels)}


_LABEL_COLUMNS: dict[Problem, Callable[[list[str], Mapping[str, int]], dict[str, Any]]] = {
    Problem.SINGLE_LABEL: _classes,
    Problem.MULTI_LABEL: _label_sets,
    Problem.REGRESSION: _numbers,
}
