"""Columns that no model reads, and by whose values a result is measured too, such as the channel of a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from toolkit.data.at_a_glance import header_of
from toolkit.data.divide import read_test_table
from toolkit.data.nested import nested_names, with_nested
from toolkit.data.normalise import clean_texts
from toolkit.data.sources import Source, files_of, read_table
from toolkit.data.tables import Table, no_column
from toolkit.errors import DataError, Fault
from toolkit.progress import without_repeats

if TYPE_CHECKING:
    from datasets import Dataset

    from toolkit.recipe.schema import DataSection

Values: TypeAlias = Mapping[str, Sequence[str | None]]
"""The cell of each row by the name of the column; None where it is blank. ``[rows]`` each"""


def values_of_test(section: DataSection, test: Dataset, names: Sequence[str]) -> Values:
    """Return columns of the test rows of a recipe; their source is read again.

    Args:
        section: the recipe's ``data``.
        test: its test rows, whose ``id`` is their row in the source.
        names: of the columns.

    Raises:
        DataError: there is no such column, or it holds no text; all of them at once.
    """
    if not names:
        return {}
    with without_repeats():
        columns = _values(with_nested(read_test_table(section), names), names)
    ids = test["id"][:]
    return {name: [cells[row] for row in ids] for name, cells in columns.items()}


def values_of_rows(
    source: Source, names: Sequence[str], *, n_rows: int, encoding: str | None = None, wanted: Sequence[str] = ()
) -> Values:
    """Return columns of all rows of a source, which is read again.

    Args:
        source: as in `toolkit.data.sources.read_table`.
        names: of columns that have to be there.
        n_rows: how many rows are measured.
        encoding: of text files; None detects it.
        wanted: names of columns to read where they are there.

    Raises:
        DataError: there is no such column, or it holds no text; or its rows are not those that are measured.
    """
    if not names and not wanted:
        return {}
    with without_repeats():
        table = with_nested(read_table(source, encoding=encoding), [*names, *wanted])
    there = [name for name in wanted if name not in names and _spelling(table, name) is not None]
    columns = _values(table, [*names, *there])
    if columns and table.n_rows != n_rows:
        raise DataError(f"{table.n_rows:,} rows, of which {n_rows:,} are measured: no values by row", where=table.name)
    return columns


def refuse_values_at_a_glance(
    sources: Sequence[Source | None], names: Sequence[str], *, quoting: bool | None = None, encoding: str | None = None
) -> None:
    """Refuse columns that the header of a file does not name, before its rows are read.

    Args:
        sources: whose rows are measured; None is left out.
        names: of the columns.
        quoting, encoding: as in `toolkit.data.sources.read_table`.

    Raises:
        DataError: with all of them.
    """
    files = [file for source in sources if source is not None for file in files_of(source)]
    headers = [header_of(file, quoting=quoting) for file in files if names and encoding is None]
    faults = [fault for header in headers if header is not None for fault in _faults(header, names)]
    if faults:
        raise DataError(*faults)


def _values(table: Table, names: Sequence[str]) -> Values:
    if faults := _faults(table, names):
        raise DataError(*faults)
    columns = {name: table.columns[_spelling(table, name) or name] for name in names}
    return {name: [cell.strip() or None for cell in clean_texts(cells)] for name, cells in columns.items()}


def _faults(table: Table, names: Sequence[str]) -> list[Fault]:
    faults = []
    for name in names:
        column = _spelling(table, name)
        if column is None:
            faults.append(Fault(no_column(name, (*table.columns, *nested_names(table))), table.name))
        elif column in table.not_text:
            faults.append(Fault(f"column {name!r} holds {table.not_text[column]}, which are no values", table.name))
    return faults


def _spelling(table: Table, name: str) -> str | None:
    """Return the table's own spelling of a column's name."""
    return next((each for each in (name, name.strip()) if each in table.columns), None)
