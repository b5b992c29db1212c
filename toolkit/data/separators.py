"""How a file of delimited columns is written, told from its first rows."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from toolkit.data.columns import TASK_COLUMNS
from toolkit.data.headers import is_like_names, lacks_header

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars (|)"}

_SAMPLE_ROWS = 200
_ALMOST_ALL = 0.9
_SAID = re.compile(r'"?sep=(.)"?\r?\n?$')


@dataclass(frozen=True)
class Dialect:
    """How columns are written.

    Attributes:
        delimiter: the character between cells.
        quoting: whether a double quote at a cell's start opens a quoted cell (RFC 4180).
        skip: the number of lines above the header: 1 for Excel's line ``sep=;``.
    """

    delimiter: str
    quoting: bool
    skip: int = 0

    @property
    def csv_quoting(self) -> Literal[0, 3]:
        """Return the value of `csv` for the quoting."""
        return csv.QUOTE_MINIMAL if self.quoting else csv.QUOTE_NONE


def tell_dialect(lines: Sequence[str], *, own: Dialect, quoting: bool | None) -> Dialect:
    """Return how the columns of a file are written.

    Its own way is kept if it gives as many cells in every row, or if no other way gives more even rows.

    Args:
        lines: the first lines of the file.
        own: the way that its suffix tells.
        quoting: whether quotes enclose cells, if the user says so.
    """
    own = Dialect(own.delimiter, own.quoting if quoting is None else quoting)
    said = _SAID.match(lines[0]) if lines else None
    if said is not None:
        return Dialect(said[1], quoting is not False, skip=1)
    share = _evenness(lines, own)
    if share == 1:
        return own
    # A file without quoting by custom is read with it only where rows fall apart otherwise.
    others = [Dialect(name, quoting is not False) for name in (own.delimiter, *NAMES) if Dialect(name, True) != own]
    best = max(others, key=lambda other: _evenness(lines, other))
    even = _evenness(lines, best)
    return best if even > share and even >= _ALMOST_ALL else own


def table_in_text(lines: Sequence[str], *, quoting: bool | None) -> Dialect | None:
    """Return how a plain text file is written if it is a table: even rows under a row of names; else None.

    Tabs make a table of any names. Other separators are common in sentences, so a name has to be one of a task.
    """
    for delimiter in ("\t", ";", "|", ","):
        for quotes in (True, False) if quoting is None else (quoting,):
            dialect = Dialect(delimiter, quotes)
            rows = _rows(lines, dialect)
            if len(rows) < 2 or _evenness(lines, dialect) < 1 or not is_like_names(rows[0]):
                continue
            known = any(name.strip().casefold() in TASK_COLUMNS for name in rows[0])
            if known or (delimiter == "\t" and not lacks_header(rows[0], rows[1:])):
                return dialect
    return None


def _evenness(lines: Sequence[str], dialect: Dialect) -> float:
    """Return the share of the rows with as many cells as the first, or 0 if that is one cell."""
    rows = _rows(lines, dialect)
    if not rows or len(rows[0]) < 2:
        return 0
    return Counter(map(len, rows))[len(rows[0])] / len(rows)


def _rows(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(lines, delimiter=dialect.delimiter, quoting=dialect.csv_quoting, strict=True):
            if row:
                rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error as error:
        if "unexpected end" not in str(error):
            return []
    # A row at the end of the sample may go on behind it; a quote may be open there.
    return rows
