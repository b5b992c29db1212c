"""Tables in the memory of a Python program, under names by which recipes and verbs read them like files.

A name holds a digest of the rows, so the same rows have the same name in every process, and a run on them goes on.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from weakref import WeakValueDictionary

from toolkit.data.tables import Table
from toolkit.errors import DataError, explain

PREFIX = "memory:"

_tables: WeakValueDictionary[str, Table] = WeakValueDictionary()


def hold(table: Table, *, kind: str) -> tuple[str, Table]:
    """Give a table a name, by which it is read for as long as the returned table is referred to.

    Args:
        table: of one part.
        kind: what the rows were, such as ``DataFrame``; the first part of the name.

    Returns:
        The name, such as ``memory:DataFrame-1f0c9a52``, and the table under that name.
    """
    name = f"{PREFIX}{kind}-{_digest(table)[:8]}"
    if (known := _tables.get(name)) is not None:
        return name, known
    named = replace(table, parts=tuple(replace(part, name=name) for part in table.parts))
    _tables[name] = named
    return name, named


def held(name: str) -> Table | None:
    """Return the table of a name, or None if no table of this process has it."""
    return _tables.get(name)


def read_held(name: str) -> Table:
    """Return the table of a name.

    Raises:
        DataError: it was in the memory of another process, or is not there any more.
    """
    table = held(name)
    if table is None:
        fix = "give the rows again, such as toolkit.fine_tune(RECIPE, data=rows), or write them to a file and name that"
        raise DataError(
            explain("these rows were in the memory of a Python program, and are not there now", fix=fix), where=name
        )
    return table


def _digest(table: Table) -> str:
    """Return the SHA-256 of names, cells and order of the columns, however their cells are divided in memory."""
    digest = hashlib.sha256(repr((list(table.columns), table.is_lines, sorted(table.categories.items()))).encode())
    for cells in table.columns.values():
        for cell in cells:
            text = b"" if cell is None else cell.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % (-1 if cell is None else len(text)) + text)
    return digest.hexdigest()
