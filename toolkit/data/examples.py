"""Texts, perhaps labelled, between the table that they were read from and the data set that a model learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from toolkit.data.normalise import LONGEST_CHARACTERS, clean_label, clean_text, comparison_key, is_blank
from toolkit.data.tables import Table

if TYPE_CHECKING:
    from datasets import Dataset

TEXT_COLUMNS = ("text", "text_pair", "source", "target")
"""The task's own names of columns that hold texts; a row has one or two of them."""

_HASHED_AT_ONCE = 10_000


@dataclass(frozen=True)
class Examples:
    """Rows of a table in the form that the models see.

    Attributes:
        table: where they came from, to name their lines.
        ids: the 0-based row of each in the table.
        texts: normalised texts by the name of their column: ``text``, perhaps with ``text_pair``, or
            ``source`` with ``target``.
        labels: normalised labels; empty where there is none.
    """

    table: Table
    ids: list[int]
    texts: dict[str, list[str]]
    labels: list[str]

    @classmethod
    def of(cls, table: Table) -> Examples:
        """All rows of a table whose columns have the task's own names, perhaps with ``label``."""
        n_rows = table.n_rows
        return cls(
            table=table,
            ids=list(range(n_rows)),
            texts={name: [clean_text(cell) for cell in cells] for name, cells in _text_columns(table).items()},
            labels=[clean_label(cell) for cell in table.columns.get("label", [None] * n_rows)],
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
        """``id``, the texts by their names and, given an index, ``label`` (-1: not in it) and ``reference``."""
        import pyarrow
        from datasets import Dataset

        # By way of Arrow: `Dataset.from_dict` looks at every cell in Python, which takes ten times as long.
        columns = {"id": pyarrow.array(self.ids, pyarrow.int64())}
        columns |= {name: _text(cells) for name, cells in self.texts.items()}
        if label_index is not None:
            labels = [label_index.get(label, -1) for label in self.labels]
            columns |= {"label": pyarrow.array(labels, pyarrow.int64()), "reference": _text(self.labels)}
        return Dataset(pyarrow.table(columns))


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
