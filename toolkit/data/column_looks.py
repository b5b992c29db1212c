"""What the columns of a table look like: texts, classes, numbers, lists, chats; told by some of their cells."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean
from typing import Any

import numpy as np

from toolkit.data.labels.name_lists import flag_in
from toolkit.data.labels.one_class import has_fractions
from toolkit.data.normalise import clean_number, is_blank
from toolkit.data.tables import Table
from toolkit.data.wording import listed
from toolkit.files import json_value

_SAMPLED_ROWS = 2_000
"""Rows that are looked at, evenly spaced: enough to tell classes from texts."""

_MOST_CLASSES = 1_000
_LONGEST_CLASS = 80
"""Characters of a cell on average beyond which it is a text, however often it is repeated."""


class Content(StrEnum):
    """What the cells of a column are; the values are words for messages."""

    EMPTY = "empty"
    FLAGS = "0 and 1"
    NUMBERS = "numbers"
    KEYS = "a different word or number in each row"
    CLASSES = "different values"
    TEXT = "texts"
    LISTS = "lists"
    SPANS = "lists of spans"
    CHATS = "lists of messages"


@dataclass(frozen=True)
class ColumnLook:
    """What some cells of a column look like.

    Attributes:
        name: of the column.
        content: of its cells.
        values: its different cells, in the order of the rows.
        cells: those that are not blank, in the order of the rows.
        characters: of a cell on average.
    """

    name: str
    content: Content
    values: tuple[str, ...]
    cells: tuple[str, ...]
    characters: float

    @property
    def has_fractions(self) -> bool:
        """Return whether it holds numbers of which some have a fraction: scores, not names of classes."""
        return self.content is Content.NUMBERS and has_fractions(self.values)

    def __str__(self) -> str:
        """Return it in words, for the list of what was found."""
        if self.content is Content.TEXT:
            return f"{self.name!r}: texts of {self.characters:,.0f} characters"
        if self.content in (Content.CLASSES, Content.NUMBERS):
            what = "numbers" if self.content is Content.NUMBERS else "values"
            return f"{self.name!r}: {len(self.values):,} different {what} ({listed(self.values[:3])})"
        return f"{self.name!r}: {self.content}"


def look_at_columns(table: Table) -> list[ColumnLook]:
    """Look at each column of a table.

    Args:
        table: as it was read.
    """
    rows = range(0, table.n_rows, -(-table.n_rows // _SAMPLED_ROWS) or 1)
    return [_look(name, [cells[row] for row in rows]) for name, cells in table.columns.items()]


def name_key(name: str) -> str:
    """Return what is compared of a column's name: its letters and digits, in Unicode's form NFC, without case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFC", name).casefold()))


def _look(name: str, sampled: Sequence[str | None]) -> ColumnLook:
    cells = tuple(cell for cell in sampled if cell is not None and not is_blank(cell))
    values = tuple(dict.fromkeys(cells))
    characters = fmean(map(len, cells)) if cells else 0.0
    return ColumnLook(name, _content(cells, values, characters), values, cells, characters)


def _content(cells: Sequence[str], values: Sequence[str], characters: float) -> Content:
    if not cells:
        return Content.EMPTY
    if (of_lists := _list_content(cells)) is not None:
        return of_lists
    if all(flag_in(value) is not None for value in values):
        return Content.FLAGS
    are_different = len(values) == len(cells) > 1
    if _are_numbers(values):
        return Content.KEYS if are_different and not has_fractions(values) else Content.NUMBERS
    if 2 * len(values) <= len(cells) and len(values) <= _MOST_CLASSES and characters <= _LONGEST_CLASS:
        return Content.CLASSES
    if are_different and not any(any(map(str.isspace, value.strip())) for value in values):
        return Content.KEYS
    return Content.TEXT


def _are_numbers(values: Sequence[str]) -> bool:
    try:
        return all(np.isfinite(float(clean_number(value) or "nan")) for value in values)
    except ValueError:
        return False


def _list_content(cells: Sequence[str]) -> Content | None:
    """Return what lists hold; None if some cell is no list in JSON."""
    first: Any = None
    for cell in cells:
        found = items_of(cell)
        if found is None:
            return None
        first = first if first is not None or not found else found[0]
    if not isinstance(first, dict):
        return Content.LISTS
    if {"start", "end"} <= first.keys():
        return Content.SPANS
    return Content.CHATS if {"role", "content"} <= first.keys() or {"from", "value"} <= first.keys() else None


def items_of(cell: str) -> list[Any] | None:
    """Return the items of a list in JSON; None for any other cell."""
    if not cell.lstrip().startswith("["):
        return None
    try:
        found = json_value(cell)
    except ValueError:
        return None
    return found if isinstance(found, list) else None
