"""Columns of a table under the task's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit.data.column_names import ColumnName
from toolkit.data.labels import LabelKind
from toolkit.data.nested import nested_names, with_nested
from toolkit.data.tables import Table, no_column
from toolkit.errors import DataError, Fault, nearest
from toolkit.names import SPECS

TASK_COLUMNS = frozenset({"id", *(name for spec in SPECS.values() for name in spec.column_names)})
"""The tasks' own names of columns."""

_OPTIONS = {
    **dict.fromkeys(("text", "source"), " or --text-column"),
    **dict.fromkeys(("label", "labels", "target"), " or --label-column"),
    "text_pair": " or --text-pair-column",
}

_WRITE_TEXT = "; write the text itself into the column"


def pick_columns(
    table: Table,
    *,
    columns: Mapping[str, str],
    needed: Sequence[str],
    optional: Sequence[str] = (),
    label: str = "label",
) -> Table:
    """Return the columns that a task reads, under the task's own names (``text``, ``text_pair``, ``label`` …).

    Args:
        table: the data.
        columns: the data's name of a column by the task's name; a name that is left out is the same in both. Lines of
            plain text have one column without a name: the first that is needed. ``labels.score`` is a key of objects.
        needed: the task's names of columns that must be there.
        optional: the task's names of columns to take if they are there.
        label: the name of the column of labels in a recipe.

    Raises:
        DataError: if a needed column is missing, or a column holds something else than text; all faults at once.
    """
    table = with_nested(table, columns.values())
    picked: dict[str, str] = {}
    faults: list[Fault] = []
    for name in (*needed, *optional):
        column = _column_of(table, columns.get(name, name), is_first=name == needed[0])
        if column in table.columns:
            picked[name] = column
            if column in table.not_text:
                message = f"column {column!r} holds {table.not_text[column]}, and {name!r} is text"
                known = (*table.columns, *nested_names(table))
                inside = [inner for inner in known if inner.startswith(f"{column}.")]
                message += f"; name what is in it: {', '.join(inside)}" if inside else _WRITE_TEXT
                faults.append(Fault(message, table.name))
        elif name in needed:
            advice = _naming_advice(label if name == "label" else name, column, table)
            faults.append(Fault(no_column(column, (*table.columns, *nested_names(table))) + advice, table.name))
    if faults:
        raise DataError(*faults)
    return replace(
        table,
        columns={name: table.columns[column] for name, column in picked.items()},
        categories={name: table.categories[column] for name, column in picked.items() if column in table.categories},
        not_text={},
    )


def pick_labelled_columns(
    table: Table,
    columns: Mapping[str, ColumnName],
    *,
    needed: Sequence[str],
    optional: Sequence[str] = (),
    kind: LabelKind,
) -> Table:
    """Return the columns as `pick_columns` does; the labels are always under ``label``.

    Args:
        table: the data.
        columns: the data's name of a column by the task's name.
        needed: the task's names of columns that must be there.
        optional: the task's names of columns to take if they are there.
        kind: of the labels; some kinds accept lists.

    Raises:
        DataError: if a needed column is missing, or a column holds something else than the task reads.
    """
    table, named = kind.gathered(table, columns)
    label_column = named.get("label")
    not_text = {
        name: content
        for name, content in table.not_text.items()
        if not (name == label_column and kind.accepts(content))
    }
    if "label" in needed and (faults := kind.column_faults(table, named.get("label", "label"))):
        raise DataError(*faults)
    table = replace(table, not_text=not_text)
    return pick_columns(table, columns=named, needed=needed, optional=optional, label=kind.column)


def _column_of(table: Table, column: str, *, is_first: bool) -> str:
    """Return the table's own spelling of a column's name."""
    if table.is_lines and is_first:
        return next(iter(table.columns))
    # Readers drop the white space around names, so a recipe may have it or not.
    return column if column in table.columns else column.strip()


def _naming_advice(name: str, column: str, table: Table) -> str:
    """Return how to name a column; nothing if the name in use looks like a typing error."""
    if column != name and nearest(column, table.columns) is not None:
        return ""
    return f"; say which is the {name} with data.columns.{name}{_OPTIONS.get(name, '')}"
