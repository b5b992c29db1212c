"""A column of 0 and 1 for each label, as one column of lists of names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from toolkit.data.labels.name_lists import flag_in
from toolkit.data.tables import Table, no_column
from toolkit.errors import DataError, Fault

LABELS = "labels"


def gathered(table: Table, columns: Sequence[str]) -> Table:
    """Return a table with the column ``labels``: in each row the names of the columns that are 1.

    A table that has none of the columns has no labels, and stays as it is.

    Raises:
        DataError: it has some of them only, or a cell is neither 0 nor 1.
    """
    there = [name for name in columns if name in table.columns]
    if not there:
        return table
    faults = [Fault(no_column(name, table.columns), table.name) for name in columns if name not in there]
    flags = {}
    for name in there:
        values = {cell: flag_in(cell) for cell in set(table.columns[name])}
        wrong = [row for row, cell in enumerate(table.columns[name]) if values[cell] is None]
        if wrong:
            faults += table.faults(f"column {name!r} is neither 0 nor 1", wrong)
        flags[name] = [values[cell] for cell in table.columns[name]]
    if faults:
        raise DataError(*faults)
    rows = zip(*flags.values(), strict=True)
    cells: list[str | None] = [
        json.dumps([name for name, flag in zip(there, row, strict=True) if flag], ensure_ascii=False) for row in rows
    ]
    return replace(
        table,
        columns={**table.columns, LABELS: cells},
        categories={**table.categories, LABELS: tuple(there)},
        not_text={**table.not_text, LABELS: "lists"},
    )
