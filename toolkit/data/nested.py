"""Values inside objects as columns: ``labels.label`` is the key ``label`` of the objects in the column ``labels``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from toolkit.data.tables import Table

_OBJECTS = "objects"


def with_nested(table: Table, names: Iterable[str]) -> Table:
    """Return a table with a column for each name that leads into its objects; other names change nothing.

    Args:
        table: of a reader; where it holds objects, the cells are JSON.
        names: of columns. One that the table has is that column, whatever dots it has.
    """
    columns, not_text = dict(table.columns), dict(table.not_text)
    for name in names:
        outer, *keys = name.split(".")
        if name in columns or not keys or table.not_text.get(outer) != _OBJECTS:
            continue
        cells = [_inside(cell, keys) for cell in table.columns[outer]]
        if any(cell is not None for cell in cells):
            columns[name] = [cell if cell is None or isinstance(cell, str) else _text(cell) for cell in cells]
            kinds = {type(cell) for cell in cells} & {list, dict}
            if kinds:
                not_text[name] = "lists" if list in kinds else _OBJECTS
    return replace(table, columns=columns, not_text=not_text)


def nested_names(table: Table) -> Iterator[str]:
    """Yield the names that lead to the values in the first object of each column."""
    for outer in (name for name, what in table.not_text.items() if what == _OBJECTS):
        first = next((cell for cell in table.columns[outer] if cell), None)
        value = json.loads(first) if first else None
        yield from (f"{outer}.{key}" for key in value or () if isinstance(value, dict))


def _inside(cell: str | None, keys: Iterable[str]) -> Any:
    value = None if cell is None else json.loads(cell)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    """Return a value as the readers of JSON do; numbers in objects have stayed text."""
    return ("false", "true")[value] if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
