"""Labelled texts between the table that they were read from and the data set that a model learns from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from toolkit.data.normalise import LONGEST_CHARACTERS, clean_label, clean_text, comparison_key, is_blank
from toolkit.data.tables import Table

if TYPE_CHECKING:
    from datasets import Dataset

_HASHED_AT_ONCE = 10_000


@dataclass(frozen=True)
class Examples:
    """Rows of a table in the form that the models see.

    Attributes:
        table: where they came from, to name their lines.
        ids: the 0-based row of each in the table.
        texts: normalised texts.
        pairs: normalised second texts, or None where the task has single texts.
        labels: normalised labels; empty where there is none.
    """

    table: Table
    ids: list[int]
    texts: list[str]
    pairs: list[str] | None
    labels: list[str]

    @classmethod
    def of(cls, table: Table) -> Examples:
        """All rows of a table with the columns ``text``, perhaps ``text_pair``, perhaps ``label``."""
        n_rows = table.n_rows
        pairs = table.columns.get("text_pair")
        return cls(
            table=table,
            ids=list(range(n_rows)),
            texts=[clean_text(cell) for cell in table.columns["text"]],
            pairs=None if pairs is None else [clean_text(cell) for cell in pairs],
            labels=[clean_label(cell) for cell in table.columns.get("label", [None] * n_rows)],
        )

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Sequence[int]) -> Examples:
        """The examples at some positions, in this order."""
        return replace(
            self,
            ids=[self.ids[i] for i in positions],
            texts=[self.texts[i] for i in positions],
            pairs=None if self.pairs is None else [self.pairs[i] for i in positions],
            labels=[self.labels[i] for i in positions],
        )

    def blank(self) -> list[int]:
        """The positions whose text, or second text, has nothing but white space."""
        pairs = self.texts if self.pairs is None else self.pairs
        both = zip(self.texts, pairs, strict=True)
        return [i for i, (text, pair) in enumerate(both) if is_blank(text) or is_blank(pair)]

    @cached_property
    def keys(self) -> list[str]:
        """What `comparison_key` makes of each."""
        pairs = self.pairs if self.pairs is not None else [None] * len(self)
        return [comparison_key(text, pair) for text, pair in zip(self.texts, pairs, strict=True)]

    def said(self, message: str, positions: Sequence[int]) -> list[str]:
        """A message with the lines that it is about, one a file."""
        return [str(fault) for fault in self.table.faults(message, [self.ids[i] for i in positions])]

    def to_dataset(self, label_index: Mapping[str, int]) -> Dataset:
        """``id``, ``text``, perhaps ``text_pair``, ``label`` (-1: not in the index) and ``reference``."""
        import pyarrow
        from datasets import Dataset

        # By way of Arrow: `Dataset.from_dict` looks at every cell in Python, which takes ten times as long.
        columns = {"id": pyarrow.array(self.ids, pyarrow.int64()), "text": _text(self.texts)}
        if self.pairs is not None:
            columns["text_pair"] = _text(self.pairs)
        labels = [label_index.get(label, -1) for label in self.labels]
        columns["label"] = pyarrow.array(labels, pyarrow.int64())
        columns["reference"] = _text(self.labels)
        return Dataset(pyarrow.table(columns))


def cut_cells(table: Table) -> list[str]:
    """A line a file about the cells that `clean_text` cuts."""
    long = {
        row
        for name in ("text", "text_pair")
        for row, cell in enumerate(table.columns.get(name, []))
        if cell is not None and len(cell) > LONGEST_CHARACTERS
    }
    message = f"text cut to its first {LONGEST_CHARACTERS:,} characters"
    return [str(fault) for fault in table.faults(message, sorted(long))]


def digest(splits: Mapping[str, Examples]) -> str:
    """The SHA-256 over the rows of all splits, in 64 hex digits; the same on every machine."""
    total = sha256()
    for name, examples in splits.items():
        pairs = examples.pairs if examples.pairs is not None else [None] * len(examples)
        rows = zip(examples.ids, examples.texts, pairs, examples.labels, strict=True)
        while block := list(islice(rows, _HASHED_AT_ONCE)):
            # JSON keeps the cells apart whatever they hold.
            total.update(json.dumps([name, block], ensure_ascii=False).encode("utf-8"))
    return total.hexdigest()


def _text(cells: list[str]) -> Any:
    import pyarrow

    return pyarrow.array(cells, pyarrow.string())
