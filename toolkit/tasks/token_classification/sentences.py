"""Sentences between the table that they were read from and the data set that a model learns from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.data.fingerprints import Fingerprints, fingerprints
from toolkit.data.in_memory import in_memory_dataset
from toolkit.data.normalise import comparison_key
from toolkit.data.readers_conll import LINES
from toolkit.data.splits import set_strata
from toolkit.data.tables import Table, count_lines
from toolkit.errors import Fault
from toolkit.tasks.token_classification.schemes import OUTSIDE, Scheme, find_scheme
from toolkit.tasks.token_classification.words import Spans

_POSITIONS = pa.list_(pa.int32())


class Sentence(NamedTuple):
    """A text, its words and their tags.

    Attributes:
        text: in Unicode normal form C.
        words: of the text, in characters.
        tags: one a word; None where they are not known.
    """

    text: str
    words: Spans
    tags: list[str] | None


@dataclass(frozen=True, eq=False)
class Sentences:
    """Some rows of a table; `toolkit.data.divisible.DivisibleRows` is what they are to dividing.

    Attributes:
        table: the source of the rows, which names their lines.
        ids: the 0-based row of each in the table, ascending.
        rows: the sentences. ``[len(ids)]``
        given: whether the words are the data's own, so that tags of words are what is measured; else spans of
            characters are.
    """

    table: Table
    ids: NDArray[np.int64]
    rows: list[Sentence]
    given: bool

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> Sentences:
        """Return the sentences at some positions, which ascend."""
        chosen = np.asarray(positions, dtype=np.int64)
        return Sentences(self.table, self.ids[chosen], [self.rows[index] for index in chosen], self.given)

    @cached_property
    def keys(self) -> Fingerprints:
        """Return fingerprints of the texts; those that differ in case, spacing and Unicode form only have the same."""
        return fingerprints(comparison_key(row.text) for row in self.rows)

    def strata(self) -> Sequence[str]:
        """Return the labels that each sentence has; sets of labels that are rare are one stratum."""
        parse = find_scheme(self.tags()).parse
        return set_strata([json.dumps(sorted({parse(tag).label for tag in row.tags or ()})) for row in self.rows])

    def blank(self) -> list[int]:
        """Return the positions of sentences without words."""
        return [index for index, row in enumerate(self.rows) if not row.text.strip()]

    def tags(self) -> Iterable[list[str]]:
        """Yield the tags of each sentence."""
        return (row.tags or [] for row in self.rows)

    def with_tags(self, wanted: Iterable[str]) -> list[int]:
        """Return the rows of the table that have one of some tags."""
        wanted = set(wanted)
        return [int(index) for index, tags in zip(self.ids, self.tags(), strict=True) if not wanted.isdisjoint(tags)]

    def places(self, find: Callable[[list[str]], Sequence[int]]) -> list[tuple[int, int]]:
        """Return the positions of sentences and the indices of words that a function finds in the tags of each."""
        return [(position, word) for position, tags in enumerate(self.tags()) for word in find(tags)]

    def faults(self, message: str, places: Iterable[tuple[int, int]]) -> list[Fault]:
        """Return a fault a file: a message with the lines of the words at `places`.

        Where words have no line of their own, it is that of the row.
        """
        numbers = self.table.columns.get(LINES)
        if numbers is None:
            return self.table.faults(message, sorted({int(self.ids[position]) for position, _ in places}))
        lines: dict[str, list[int]] = {}
        for position, word in places:
            row = int(self.ids[position])
            lines.setdefault(self.table.place(row)[0], []).append(int(json.loads(numbers[row] or "[]")[word]))
        return [Fault(f"{message} {count_lines(found, 'word')}", name) for name, found in lines.items()]

    def to_dataset(self, ids: pa.Array | None = None) -> Dataset:
        """Return a data set of ``id``, ``text``, ``starts`` and ``ends`` of words, ``given``, and ``tags`` if known.

        Args:
            ids: the data's own; None: the rows of the table.
        """
        columns = {
            "id": pa.array(self.ids) if ids is None else ids,
            "text": pa.array([row.text for row in self.rows], pa.large_string()),
            "starts": pa.array([[start for start, _ in row.words] for row in self.rows], _POSITIONS),
            "ends": pa.array([[end for _, end in row.words] for row in self.rows], _POSITIONS),
            "given": pa.array([self.given] * len(self), pa.bool_()),
        }
        if self.rows and all(row.tags is not None for row in self.rows):
            columns["tags"] = pa.array([row.tags for row in self.rows], pa.list_(pa.string()))
        return in_memory_dataset(pa.table(columns))


def rows_in(rows: Dataset) -> list[Sentence]:
    """Return the sentences of a data set that `Sentences.to_dataset` gave."""
    tags = rows["tags"] if "tags" in rows.column_names else [None] * len(rows)
    columns = (rows["text"], rows["starts"], rows["ends"], tags)
    return [
        Sentence(text, list(zip(starts, ends, strict=True)), found)
        for text, starts, ends, found in zip(*columns, strict=True)
    ]


def digest(splits: Mapping[str, Sentences]) -> str:
    """Return the SHA-256 of the sentences of all splits, in 64 hex digits; it is the same on every machine."""
    total = sha256()
    for name, sentences in splits.items():
        for index, row in zip(sentences.ids.tolist(), sentences.rows, strict=True):
            total.update(json.dumps([name, index, *row], ensure_ascii=False).encode("utf-8"))
    return total.hexdigest()


def labels_for(tags: Iterable[str], scheme: Scheme, given: Sequence[str] = ()) -> list[str]:
    """Return tags in the order of a model's outputs: as the data lists them, else by label, ``O`` first."""
    listed = {tag: index for index, tag in enumerate(given)}

    def order(tag: str) -> tuple[int, bool, str, str]:
        position, label = scheme.parse(tag)
        return listed.get(tag, len(listed)), tag != OUTSIDE, label, position

    return sorted(set(tags), key=order)
