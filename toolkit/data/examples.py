"""Texts, perhaps labelled, between the table that they were read from and the data set that a model learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.data.coded_text import CodedText
from toolkit.data.fingerprints import Fingerprints, fingerprints
from toolkit.data.in_memory import in_memory_dataset
from toolkit.data.labels import LabelKind, OneClass
from toolkit.data.normalise import LONGEST_CHARACTERS, blank_rows, clean_texts, comparison_key
from toolkit.data.tables import Table
from toolkit.data.text_column import BLOCK_ROWS, TextColumn, character_counts
from toolkit.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset

TEXT_COLUMNS = ("text", "text_pair", "source", "messages", "inputs", "target")
"""The task's own names of columns that hold texts; a row has one or two of them."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of a table in the form that the models see.

    Attributes:
        table: the source of the rows, which names their lines.
        ids: the 0-based row of each in the table, ascending.
        all_texts: normalised texts of all rows of the table by the name of their column: ``text``, perhaps with
            ``text_pair``, or ``source`` with ``target``.
        all_labels: labels of all rows of the table in the form of `toolkit.data.normalise`; empty without one.
        kind: the kind of the labels.
    """

    table: Table
    ids: Ids
    all_texts: dict[str, TextColumn[str]]
    all_labels: CodedText
    kind: LabelKind = field(default_factory=OneClass)

    @classmethod
    def of(cls, table: Table, kind: LabelKind | None = None, *, labels: CodedText | None = None) -> Examples:
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
            if faults := kind.faults(table):
                raise DataError(*faults)
            labels, misread = read_labels(table, kind)
            if misread:
                value = str(table.columns["label"][misread[0]])
                raise DataError(*table.faults(f"{kind.misread} (such as {value[:40]!r})", misread))
        texts = {name: clean_texts(table.columns[name]) for name in TEXT_COLUMNS if name in table.columns}
        return cls(table=table, ids=np.arange(table.n_rows), all_texts=texts, all_labels=labels, kind=kind)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def texts(self) -> dict[str, TextColumn[str]]:
        """Return the texts of these rows."""
        if len(self) == self.table.n_rows:
            return self.all_texts
        return {name: column.take(self.ids) for name, column in self.all_texts.items()}

    @property
    def labels(self) -> CodedText:
        """Return the labels of these rows."""
        return self.all_labels.take(self.ids)

    def take(self, positions: Sequence[int] | Ids) -> Examples:
        """Return the examples at some positions, which ascend."""
        return replace(self, ids=self.ids[np.asarray(positions, dtype=np.int64)])

    def strata(self) -> Sequence[str]:
        """Return the stratum of each: its class, its set of classes, or the tenth of all numbers that it is in."""
        return self.kind.strata(self.labels)

    def blank(self) -> list[int]:
        """Return the positions of examples with a text of nothing but white space."""
        return sorted({row for column in self.texts.values() for row in blank_rows(column)})

    @cached_property
    def keys(self) -> Fingerprints:
        """Return the fingerprint of the comparison key of each."""
        return fingerprints(map(comparison_key, *self.texts.values()))

    def to_dataset(self, label_index: Mapping[str, int] | None = None) -> Dataset:
        """Return a data set of ``id`` and the texts; with `label_index` also of the label columns of the kind.

        Args:
            label_index: the model's output for each class.
        """
        import pyarrow

        columns: dict[str, Any] = {"id": pyarrow.array(self.ids, pyarrow.int64())}
        columns |= {name: column.as_strings() for name, column in self.texts.items()}
        if label_index is not None:
            columns |= self.kind.label_columns(self.labels, label_index)
        return in_memory_dataset(pyarrow.table(columns))


def read_labels(table: Table, kind: LabelKind) -> tuple[CodedText, list[int]]:
    """Return the label of each row, and the rows with a cell that is not of this kind.

    A row whose cell is not of this kind has the label of a blank cell; so has each row without a label column.
    """
    blank = kind.clean(None)
    cells = table.columns.get("label")
    if cells is None:
        return CodedText.of(repeat(blank, table.n_rows)), []
    cleaned: dict[str | None, str] = {}  # by cell, as few of them differ
    wrong: set[str | None] = set()
    for cell in cells:
        if cell not in cleaned:
            try:
                cleaned[cell] = kind.clean(cell)
            except ValueError:
                cleaned[cell] = blank
                wrong.add(cell)
    misread = [row for row, cell in enumerate(cells) if cell in wrong] if wrong else []
    return CodedText.of(cleaned[cell] for cell in cells), misread


def cut_cells(table: Table) -> list[str]:
    """Return a message a file about the cells that `clean_text` cuts."""
    lengths = [character_counts(table.columns[name]) for name in TEXT_COLUMNS if name in table.columns]
    long = np.flatnonzero(np.maximum.reduce(lengths) > LONGEST_CHARACTERS).tolist() if lengths else []
    message = f"text cut to its first {LONGEST_CHARACTERS:,} characters"
    return [str(fault) for fault in table.faults(message, long)]


def digest(splits: Mapping[str, Examples]) -> str:
    """Return the SHA-256 of the rows of all splits, in 64 hex digits; it is the same on every machine."""
    total = sha256()
    for name, examples in splits.items():
        texts, *pairs = examples.texts.values()
        labels = examples.labels
        for start in range(0, len(examples), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            seconds = pairs[0][block] if pairs else repeat(None)
            rows = list(zip(examples.ids[block].tolist(), texts[block], seconds, labels[block], strict=False))
            # JSON keeps the cells apart whatever they hold.
            total.update(json.dumps([name, rows], ensure_ascii=False).encode("utf-8"))
    return total.hexdigest()
