"""The shapes in which one JSON value holds a table; each becomes objects, a row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.errors import explain

Record = dict[str, Any]

_ROW_LISTS = frozenset({"tokens", "tags"})
"""Columns whose cells are lists, so an object that has them is a row and not a table of columns."""


class ShapeError(ValueError):
    """A JSON value that is not clearly a table; the message says what to do."""


def records_of(value: Mapping[str, Any]) -> list[Record] | None:
    """Return the rows of an object that is a table, or None if it is a row.

    The shapes are those of pandas (``split``, ``columns``, ``index``, ``table``), columns as lists, and rows under one
    key, such as ``{"version": 1, "data": [rows]}``.

    Raises:
        ShapeError: several lists of rows, or columns that are not equally long.
    """
    columns, rows = value.get("columns"), value.get("data")
    if columns and rows and _is_list_of(columns, str) and _is_list_of(rows, list):
        return _from_split(columns, rows)
    lists = [key for key, found in value.items() if _is_list_of(found, dict)]
    rest = [found for key, found in value.items() if key not in lists]
    if len(lists) > 1 and not rest:
        found = f"several lists of rows, {', '.join(lists[:5])}"
        raise ShapeError(explain(found, fix="write each into a file of its own, and name them as data.train and so on"))
    if len(lists) == 1 and ("data" in lists or all(not isinstance(found, list) for found in rest)):
        if "data" in lists or not any(isinstance(found, str) for found in rest):
            return list(value[lists[0]])
        return None
    if len(value) > 0 and all(isinstance(found, list) for found in value.values()) and not _ROW_LISTS & value.keys():
        return _from_columns(value)
    if len(value) > 0 and all(isinstance(found, dict) and found for found in value.values()):
        return _from_objects(value)
    return None


def _from_split(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Record]:
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise ShapeError(f"row {number} of data has {len(row)} cells, and there are {len(columns)} columns")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _from_columns(value: Mapping[str, Sequence[Any]]) -> list[Record]:
    lengths = {key: len(cells) for key, cells in value.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{key} {length:,}" for key, length in list(lengths.items())[:5])
        raise ShapeError(f"columns that are not equally long: {listed}")
    return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]


def _from_objects(value: Mapping[str, Mapping[str, Any]]) -> list[Record]:
    """Return rows from columns by row (of pandas: ``columns``), or from rows by their name (``index``)."""
    keys = list(next(iter(value.values())))
    if any(list(found) != keys for found in value.values()):
        raise ShapeError("objects with other keys than the first, so neither all rows nor all columns")
    # Numbers name the rows, words the columns; of words alone the rows are taken to be more.
    outer_names_rows = all(key.isdecimal() for key in value) or (
        not all(key.isdecimal() for key in keys) and len(value) > len(keys)
    )
    if outer_names_rows and not all(key.isdecimal() for key in keys):
        return [dict(found) for found in value.values()]
    return [{key: found[row] for key, found in value.items()} for row in keys]


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, kind) for item in value)
