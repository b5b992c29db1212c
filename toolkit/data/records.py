"""Objects with keys, a row each, become a table whose cells are in Arrow."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.data.grid import MOST_COLUMNS, clean_name, refuse_many_columns
from toolkit.data.tables import Part, Table
from toolkit.data.text_column import CELLS_AT_ONCE, GrowingColumn
from toolkit.data.text_files import LONGEST_LINE
from toolkit.errors import DataError

_SURROGATE = re.compile("[\ud800-\udfff]")


class Records:
    """The rows so far, in Arrow but for the last few.

    Args:
        where: the name of the file.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._columns: dict[str, GrowingColumn] = {}
        self._pending: list[Mapping[str, Any]] = []
        self._lines = array("q")
        self._not_text: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, record: Mapping[str, Any], line: int) -> None:
        """Add a row that begins on a line.

        Raises:
            DataError: half of a surrogate pair, or too many columns or characters, in the rows that are complete.
        """
        self._pending.append(record)
        self._lines.append(line)
        if len(self._pending) == CELLS_AT_ONCE:
            self._flush()

    def table(self, encoding: str | None) -> Table:
        """Return all rows; a key that an object lacks is a missing value.

        Raises:
            DataError: as `add`; no object has a key.
        """
        self._flush()
        if not self._columns:
            raise DataError("the objects have no keys, so there are no columns", where=self._where)
        names = {name: clean_name(name) for name in self._columns}
        if len(set(names.values())) < len(names):
            names = {name: name for name in names}
        columns: dict[str, Sequence[str | None]] = {
            names[name]: growing.column() for name, growing in self._columns.items()
        }
        not_text = {names[name]: what for name, what in self._not_text.items()}
        return Table(columns, (Part(self._where, self._lines, encoding),), not_text=not_text)

    def _flush(self) -> None:
        n_before = len(self._lines) - len(self._pending)
        for record in self._pending:
            for name in record:
                if name not in self._columns:
                    self._columns[name] = GrowingColumn()
                    self._columns[name].add_missing(n_before)
            if len(self._columns) > MOST_COLUMNS:
                refuse_many_columns(len(self._columns), self._where)
        for name, column in self._columns.items():
            cells = [self._cell(record.get(name), name) for record in self._pending]
            self._refuse_long(cells, n_before)
            try:
                column.add(cells)
            except UnicodeEncodeError:
                raise self._half_a_pair(name, cells, n_before) from None
        self._pending = []

    def _cell(self, value: Any, name: str) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        self._not_text[name] = "lists" if isinstance(value, list) else "objects"
        return json.dumps(value, ensure_ascii=False)

    def _refuse_long(self, cells: Sequence[str | None], n_before: int) -> None:
        for index, cell in enumerate(cells):
            if cell is not None and len(cell) > LONGEST_LINE:
                where = f"{self._where}:{self._lines[n_before + index]}"
                raise DataError(f"a cell of more than {LONGEST_LINE:,} characters", where=where)

    def _half_a_pair(self, name: str, cells: Sequence[str | None], n_before: int) -> DataError:
        # Only an escape can bring half a pair: the decoded file itself cannot hold one.
        index = next(index for index, cell in enumerate(cells) if cell is not None and _SURROGATE.search(cell))
        message = f"column {name!r} holds half of a surrogate pair, which is not a character"
        return DataError(message, where=f"{self._where}:{self._lines[n_before + index]}")
