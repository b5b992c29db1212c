"""What can be refused before the rows are read: files that are not there, and columns that the header does not name.

It is the first look of a command, and so it imports no library for tables. What it cannot tell for certain, the readers
will: a file of another format, other encodings, a header below a title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from toolkit.data.byte_streams import open_bytes
from toolkit.data.column_names import ColumnName
from toolkit.data.columns import pick_columns
from toolkit.data.grid import clean_name
from toolkit.data.headers import count_titles, is_like_names, lacks_header
from toolkit.data.readers_conll import is_conll
from toolkit.data.readers_text import CSV, TSV, records
from toolkit.data.separators import tell_dialect
from toolkit.data.sources import Source, data_suffix, files_of, not_a_file
from toolkit.data.tables import Part, Table
from toolkit.data.text_files import TextFile, refuse_other_kind
from toolkit.errors import DataError, Fault

_DIALECTS = {".csv": CSV, ".tsv": TSV}
_ROWS = 200


def refuse_at_a_glance(
    sources: Iterable[Source | None],
    columns: Mapping[str, ColumnName | None],
    *,
    encoding: str | None = None,
    quoting: bool | None = None,
) -> None:
    """Refuse missing files, then missing columns; sources that are no files are left to their readers.

    Args:
        sources: as a recipe or a command line names them; None is left out.
        columns: the data's name of a column by the task's name, where they were named; None is left out.
        encoding, quoting: as in `toolkit.data.sources.read_table`.

    Raises:
        DataError: all files that are missing, or all columns.
    """
    files = [file for source in sources if source is not None for file in files_of(source)]
    absent = [fault for file in files if (fault := not_a_file(file)) is not None]
    if absent:
        raise DataError(*absent)
    named = {name: column for name, column in columns.items() if isinstance(column, str) and name != "id"}
    faults: list[Fault] = []
    for file in files if named and encoding is None else ():
        header = header_of(file, quoting=quoting)
        if header is not None:
            try:
                pick_columns(header, columns=named, needed=list(named))
            except DataError as error:
                faults += error.faults
    if faults:
        raise DataError(*faults)


def header_of(name: str, *, quoting: bool | None) -> Table | None:
    """Return a table without rows that has the columns of a csv or tsv; None if they are not plain to see."""
    own = _DIALECTS.get(data_suffix(name) or "")
    if own is None:
        return None
    path = Path(name).expanduser()
    if is_conll(path):
        return None
    file = TextFile(name, partial(open_bytes, path), "utf-8")
    with suppress(DataError, OSError, UnicodeError):
        refuse_other_kind(path)
        rows = [row for _, row in islice(records(file, tell_dialect(file.sample(), own=own, quoting=quoting)), _ROWS)]
        if len(rows) > 1 and is_like_names(rows[0]) and not lacks_header(rows[0], rows[1:]) and not count_titles(rows):
            return Table({clean_name(cell): [] for cell in rows[0]}, (Part(name, range(0)),))
    return None
