"""From the user's names of columns to the task's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit.data.tables import Table, no_column
from toolkit.errors import DataError, Fault, nearest

_OPTIONS = dict.fromkeys(("text", "source"), " or --text-column") | dict.fromkeys(
    ("label", "target"), " or --label-column"
)


def pick_columns(
    table: Table, *, columns: Mapping[str, str], needed: Sequence[str], optional: Sequence[str] = ()
) -> Table:
    """The columns that a task reads, under the task's own names (``text``, ``text_pair``, ``label`` …).

    Args:
        table: the data.
        columns: the task's names and the data's; a name that is left out means the column of the same name.
        needed: the task's names that must be there.
        optional: those that are taken where they are there.

    Raises:
        DataError: a needed column is not there, or a column holds something else than text; all at once.
    """
    picked: dict[str, str] = {}
    faults: list[Fault] = []
    for name in (*needed, *optional):
        column = columns.get(name, name)
        if column in table.columns:
            picked[name] = column
            if column in table.not_text:
                message = f"column {column!r} holds {table.not_text[column]}, and {name!r} is text"
                faults.append(Fault(message, table.name))
        elif name in needed:
            faults.append(Fault(no_column(column, table.columns) + _how_to_name(name, column, table), table.name))
    if faults:
        raise DataError(*faults)
    return replace(
        table,
        columns={name: table.columns[column] for name, column in picked.items()},
        categories={name: table.categories[column] for name, column in picked.items() if column in table.categories},
        not_text={},
    )


def _how_to_name(name: str, column: str, table: Table) -> str:
    """What to do for whoever did not just mistype the column."""
    if nearest(column, table.columns) is not None:
        return ""
    return f"; say which is the {name} with data.columns.{name}{_OPTIONS.get(name, '')}"
