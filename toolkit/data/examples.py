"""Texts, perhaps labelled, between the table that they were read from and the data set that a model learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from toolkit.data.labels import LabelKind, OneClass
from toolkit.data.normalise import LONGEST_CHARACTERS, clean_text, comparison_key, is_blank
from toolkit.data.tables import Table
from toolkit.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset

TEXT_COLUMNS = ("text", "text_pair", "source", "target")
"""The task's own names of columns that hold texts; a row has one or two of them."""

_HASHED_AT_ONCE = 10_000


@dataclass(frozen=True)
class Examples:
    """Rows of a table in the form that the models see.

    Attributes:
        table: the source of the rows, which names their lines.
        ids: the 0-based row of each in the table.
        texts: normalised texts by the name of their column: ``text``, perhaps with ``text_pair``, or
            ``source`` with ``target``.
        labels: labels in the form of `toolkit.data.normalise`; empty where there is none.
        kind: the kind of the labels.
    """

    table: Table
    ids: list[int]
    texts: dict[str, list[str]]
    labels: list[str]
    kind: LabelKind = field(default_factory=OneClass)

    @classmethod
    def of(cls, table: Table, kind: LabelKind | None = None, *, labels: Sequence[str] | None = None) -> Examples:
        """Normalise all rows of a table whose columns have the task's own names.

        Args:
            table: the rows.
            kind: of their labels; None for rows without.
            labels: their labels, if `read_labels` has read them already.

        Raises:
            DataError: if labels are not of this kind; with their lines.
        """
        kind = kind or OneClass()
        if labels is None:
            labels, misread = read_labels(table, kind)
            if misread:
                raise DataError(*table.faults(kind.misread, misread))
        return cls(
            table=table,
            ids=list(range(table.n_rows)),
            texts={name: [clean_text(cell) for cell in cells] for name, cells in _text_columns(table).items()},
            labels=list(labels),
            kind=kind,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Sequence[int]) -> Examples:
        """Return the examples at some positions, in this order."""
        return replace(
            self,
            ids=[self.ids[i] for i in positions],
            texts={name: [cells[i] for i in positions] for name, cells in self.texts.items()},
            labels=[self.labels[i] for i in positions],
        )

    def strata(self) -> Sequence[str]:
        """Return the stratum of each: its class, its set of classes, or the tenth of all numbers that it is in."""
        return self.kind.strata(self.labels)

    def blank(self) -> list[int]:
        """Return the positions of examples with a text of nothing but white space."""
        return [i for i, cells in enumerate(zip(*self.texts.values(), strict=True)) if any(map(is_blank, cells))]

    @cached_property
    def keys(self) -> list[str]:
        """Return the `comparison_key` of each."""
        return [comparison_key(*cells) for cells in zip(*self.texts.values(), strict=True)]

    def to_dataset(self, label_index: Mapping[str, int] | None = None) -> Dataset:
        """Return a data set of ``id`` and the texts; with `label_index` also of the label columns of the kind.

        Args:
            label_index: the model's output for each class.
        """
        import pyarrow
        from datasets import Dataset

        # By way of Arrow: `Dataset.from_dict` looks at every cell in Python, which takes ten times as long.
        columns: dict[str, Any] = {"id": pyarrow.array(self.ids, pyarrow.int64())}
        columns |= {name: pyarrow.array(cells, pyarrow.string()) for name, cells in self.texts.items()}
        if label_index is not None:
            columns |= self.kind.label_columns(self.labels, label_index)
        return Dataset(pyarrow.table(columns))


def read_labels(table: Table, kind: LabelKind) -> tuple[list[str], list[int]]:
    """Return the label of each row, and the rows with a cell that is not of this kind.

    A row whose cell is not of this kind has the label of a blank cell; so has each row without a label column.
    """
    blank = kind.clean(None)
    labels: list[str] = []
    misread: list[int] = []
    for row, cell in enumerate(table.columns.get("label", repeat(None, table.n_rows))):
        try:
            labels.append(kind.clean(cell))
        except ValueError:
            labels.append(blank)
            misread.append(row)
    return labels, misread


def cut_cells(table: Table) -> list[str]:
    """Return a message a file about the cells that `clean_text` cuts."""
    long = {
        row
        for cells in _text_columns(table).values()
        for row, cell in enumerate(cells)
        if cell is not None and len(cell) > LONGEST_CHARACTERS
    }
    message = f"text cut to its first {LONGEST_CHARACTERS:,} characters"
    return [str(fault) for fault in table.faults(message, sorted(long))]


def digest(splits: Mapping[str, Examples]) -> str:
    """Return the SHA-256 of the rows of all splits, in 64 hex digits; it is the same on every machine."""
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
