"""Rows of cells, as text files and spreadsheets have them, become a table."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from toolkit.data.headers import count_titles, lacks_header
from toolkit.data.tables import Part, Table
from toolkit.data.text_column import CELLS_AT_ONCE, GrowingColumn, TextColumn
from toolkit.errors import DataError, Fault, explain

MOST_COLUMNS = 4096
"""Columns of a table that is read; more are no table of texts."""

_MOST_FAULTS = 10
_SAMPLE_ROWS = 1000

Row = tuple[int, Sequence[str | None]]
"""The line on which a row begins, and its cells."""


def table_of_rows(rows: Iterable[Row], *, where: str, encoding: str | None = None) -> Table:
    """Return rows as a table, whose columns the first row names; cells are taken verbatim.

    Rows without any content are left out and counted, as are columns with neither a name nor content, and titles above
    the names. A first row that
    looks like the others is a row, and the columns are called ``0``, ``1`` and so on.

    Args:
        rows: the rows; blank lines are rows without cells.
        where: the name of the file.
        encoding: of the file, if it is text.

    Raises:
        DataError: no rows, ragged rows, a duplicate column, or too many columns; with their lines.
    """
    filled = _Filled(rows)
    sample = list(islice(filled, _SAMPLE_ROWS + 1))
    if not sample:
        raise DataError("the file is empty", where=where)
    notes = []
    n_titles = count_titles([cells for _, cells in sample])
    if n_titles:
        titles, sample = sample[:n_titles], sample[n_titles:]
        above = ", ".join(repr(clean_name(cells[0])[:40]) for _, cells in titles)
        notes.append(f"{where}: {_counted(n_titles, 'row')} above the names of the columns left out ({above})")
    line, first = sample[0]
    if lacks_header(first, [cells for _, cells in sample[1:]]):
        names = [str(index) for index in range(len(first))]
        kept = sample
        notes.append(
            f"{where}: no header, as the first row looks like the others; the columns are called "
            f"{', '.join(names[:5])}{' …' if len(names) > 5 else ''}, so name them such as with data.columns.text=0"
        )
    else:
        names, kept = _names(first, where, line), sample[1:]
        if not kept:
            raise DataError("only a header, no rows", where=where)
    grid = _Grid(names, where)
    rows = chain(kept, filled)
    while block := list(islice(rows, CELLS_AT_ONCE)):
        grid.add(block)
    if filled.n_empty:
        notes.append(f"{where}: {_counted(filled.n_empty, 'row')} without content left out")
    return grid.table(encoding, notes)


class _Filled:
    """The rows that have content; the others are counted. A row of one cell is kept: its text may be meant."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)
        self.n_empty = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            cells = row[1]
            # The first cell nearly always decides; a million rows notice whether the others are looked at.
            if len(cells) == 1 or (cells and cells[0] and not cells[0].isspace()) or not all(map(_is_empty, cells)):
                yield row
            elif cells:
                self.n_empty += 1


class _Grid:
    """The rows of a table, in Arrow."""

    def __init__(self, names: list[str], where: str) -> None:
        self._names, self._where = names, where
        self._columns = [GrowingColumn() for _ in names]
        self._lines = array("q")
        self._ragged: list[Fault] = []
        self._n_ragged = self._n_trailing = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Add a block of rows; once a row is ragged, faults alone are kept."""
        width = len(self._names)
        if any(len(cells) != width for _, cells in rows):
            rows = self._even(rows)
        if self._ragged:
            return
        self._lines.extend(line for line, _ in rows)
        try:
            for column, cells in zip(self._columns, zip(*(cells for _, cells in rows), strict=True), strict=False):
                column.add(cells)
        except UnicodeEncodeError as error:
            raise DataError(
                "a cell holds half of a surrogate pair, which is not a character", where=self._where
            ) from error

    def _even(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that fit below the header, without empty cells beyond it; note the others."""
        width = len(self._names)
        even: list[Row] = []
        for line, cells in rows:
            if len(cells) > width and not any(cells[width:]):
                self._n_trailing += 1
                even.append((line, cells[:width]))
            elif len(cells) == width:
                even.append((line, cells))
            else:
                self._n_ragged += 1
                if self._n_ragged <= _MOST_FAULTS:
                    found = f"{_counted(len(cells), 'cell')} where the header has {width}"
                    self._ragged.append(Fault(found, f"{self._where}:{line}"))
        return even

    def table(self, encoding: str | None, notes: list[str]) -> Table:
        if self._n_ragged > _MOST_FAULTS:
            self._ragged.append(Fault(f"and {self._n_ragged - _MOST_FAULTS:,} more such rows", self._where))
        if self._ragged:
            raise DataError(*self._ragged)
        columns: dict[str, Sequence[str | None]] = {}
        n_empty = 0
        for number, (name, growing) in enumerate(zip(self._names, self._columns, strict=True), start=1):
            column: TextColumn[str | None] = growing.column()
            if name or not _is_blank(column):
                columns[name or _unused(f"column {number}", self._names)] = column
            else:
                n_empty += 1
        if n_empty:
            notes.append(f"{self._where}: {_counted(n_empty, 'column')} without name and content left out")
        if self._n_trailing:
            notes.append(
                f"{self._where}: empty cells beyond the header left out of {_counted(self._n_trailing, 'row')}"
            )
        return Table(columns, (Part(self._where, self._lines, encoding),), notes=tuple(notes))


def clean_name(name: str | None) -> str:
    """Return the name of a column without the white space and the marks around it."""
    return (name or "").strip().strip("\ufeff\u200b").strip()


def refuse_many_columns(number: int, where: str) -> None:
    """Refuse a table of more than `MOST_COLUMNS`.

    Raises:
        DataError: there are more.
    """
    if number > MOST_COLUMNS:
        found = f"{number:,} columns, and at most {MOST_COLUMNS:,} are read"
        raise DataError(explain(found, fix="keep those that the task needs"), where=where)


def _names(first: Sequence[str | None], where: str, line: int) -> list[str]:
    refuse_many_columns(len(first), where)
    names = [clean_name(name) for name in first]
    duplicates = sorted(name for name, count in Counter(names).items() if count > 1 and name)
    if duplicates:
        listed = ", ".join(map(repr, duplicates))
        raise DataError(f"duplicate column {listed}; every column needs its own name", where=f"{where}:{line}")
    return names


def _unused(name: str, names: Sequence[str]) -> str:
    while name in names:
        name += "_"
    return name


def _is_empty(cell: str | None) -> bool:
    return not cell or cell.isspace()


def _is_blank(column: TextColumn[str | None]) -> bool:
    return all(map(_is_empty, column))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
