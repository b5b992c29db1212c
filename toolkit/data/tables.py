"""A table of text: the result of every reader."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain

from toolkit.data.text_column import TextColumn
from toolkit.errors import DataError, Fault, explain, nearest

_SHOWN = 10
_FILES_NAMED = 5


@dataclass(frozen=True)
class Part:
    """The rows of one file.

    Attributes:
        name: the file as the user named it.
        lines: for each row the 1-based line on which it begins, or its 1-based number in a binary file.
        encoding: the encoding of the file, or None for a binary file.
    """

    name: str
    lines: Sequence[int]
    encoding: str | None = None


@dataclass(frozen=True)
class Table:
    """Columns of text, with the place in a file that each row comes from.

    Attributes:
        columns: the cells of each column, all columns equally long; None is a missing value. Readers of Arrow data
            leave the cells in Arrow (`TextColumn`), readers of text files give lists.
        parts: the files of the rows, in the order of the rows.
        categories: the possible values of a column in their order, if the source lists them.
        not_text: the content of columns that hold no text ("lists", "bytes").
        notes: what the reader took upon itself, such as a separator or rows that it left out; a line each.
        is_lines: whether the rows are the lines of plain text, whose one column has no name of its own.
    """

    columns: Mapping[str, Sequence[str | None]]
    parts: tuple[Part, ...]
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    not_text: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    is_lines: bool = False

    @property
    def name(self) -> str:
        """Return the names of the first few files, for messages."""
        more = len(self.parts) - _FILES_NAMED
        named = ", ".join(part.name for part in self.parts[:_FILES_NAMED])
        return f"{named} and {more:,} more" if more > 0 else named

    @property
    def n_rows(self) -> int:
        """Return the number of rows."""
        return sum(len(part.lines) for part in self.parts)

    def place(self, row: int) -> tuple[str, int]:
        """Return the file and the line of a row (0-based, over all files).

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= row < self.n_rows:
            raise IndexError(f"row {row} of {self.n_rows}")
        ends = list(accumulate(len(part.lines) for part in self.parts))
        index = bisect_right(ends, row)
        part = self.parts[index]
        return part.name, part.lines[row - ends[index] + len(part.lines)]

    def faults(self, message: str, rows: Sequence[int], *, fix: str | None = None) -> list[Fault]:
        """Return a fault a file: a message with the number of rows that it is about, their lines, and what to do."""
        lines: dict[str, list[int]] = {}
        for row in rows:
            name, line = self.place(row)
            lines.setdefault(name, []).append(line)
        return [Fault(explain(f"{message} {count_lines(found)}", fix=fix), name) for name, found in lines.items()]


def count_lines(lines: Sequence[int], what: str = "row") -> str:
    """Return line numbers in words: ``in 3 rows (lines 4, 7, 9)``; at most ten are listed."""
    listed = ", ".join(map(str, lines[:_SHOWN])) + (", …" if len(lines) > _SHOWN else "")
    if len(lines) == 1:
        return f"in 1 {what} (line {listed})"
    return f"in {len(lines):,} {what}s (lines {listed})"


def concatenate(tables: Sequence[Table]) -> Table:
    """Return the rows of several tables beneath each other; the order of their columns may differ.

    Raises:
        DataError: the tables do not have the same columns; every table that differs from the first is named.
    """
    first = tables[0]
    faults = [fault for table in tables[1:] for fault in _differences(first, table)]
    if faults:
        raise DataError(*faults)
    if len(tables) == 1:
        return first
    return Table(
        columns={name: _joined([table.columns[name] for table in tables]) for name in first.columns},
        parts=tuple(part for table in tables for part in table.parts),
        categories={
            name: values
            for name, values in first.categories.items()
            if all(table.categories.get(name) == values for table in tables)
        },
        not_text={name: what for table in tables for name, what in table.not_text.items()},
        notes=tuple(note for table in tables for note in table.notes),
        is_lines=all(table.is_lines for table in tables),
    )


def _joined(columns: Sequence[Sequence[str | None]]) -> Sequence[str | None]:
    """Return columns beneath each other: in Arrow if one of them is."""
    if all(isinstance(column, list) for column in columns):
        return list(chain.from_iterable(columns))
    return TextColumn.concatenated([TextColumn.of(column) for column in columns])


def named_columns(names: Iterable[str]) -> str:
    """Return the columns of a table in words: ``columns: text, label``; at most thirty are listed."""
    listed = list(names)
    return "columns: " + ", ".join(listed[:30]) + (", …" if len(listed) > 30 else "")


def no_column(name: str, columns: Iterable[str]) -> str:
    """Return the message about a missing column, with the nearest name and all columns."""
    columns = list(columns)
    match = nearest(name, columns)
    hint = f"; did you mean {match!r}?" if match is not None else ""
    return f"no column {name!r}{hint}; {named_columns(columns)}"


def _differences(first: Table, other: Table) -> list[Fault]:
    missing = [name for name in first.columns if name not in other.columns]
    added = [name for name in other.columns if name not in first.columns]
    faults = [Fault(f"{no_column(name, other.columns)}; {first.name} has it", other.name) for name in missing]
    faults += [Fault(f"has a column {name!r} that {first.name} has not", other.name) for name in added]
    return faults
