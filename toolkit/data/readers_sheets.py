"""Readers of spreadsheets: ``.xlsx`` with openpyxl, ``.ods`` as the XML that it is.

Both are zip archives of XML. Declared sizes bound what is unpacked, as Python's ``zipfile`` unpacks no more than them;
``defusedxml`` refuses entities.
"""

from __future__ import annotations

import datetime
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolkit.data.byte_streams import HARMLESS_BYTES, LARGEST_RATIO
from toolkit.data.grid import MOST_COLUMNS, Row, table_of_rows
from toolkit.data.merged_cells import with_merged
from toolkit.data.ods import MOST_ROWS, sheet_names, sheet_rows
from toolkit.data.tables import Table
from toolkit.data.text_files import LONGEST_LINE, refuse_other_kind
from toolkit.errors import DataError, ToolkitError, explain, nearest

_INSTALL = "pip install 'transfer-toolkit[excel]', or save the sheet as csv"


def read_excel(path: Path, *, sheet: str | None = None) -> Table:
    """Read a sheet of an Excel workbook: the values that Excel showed last, not its formulas.

    Raises:
        DataError: not a workbook, damaged, far larger than its file, with links to other files, or without the sheet;
            a package is missing.
    """
    with _spreadsheet(path, "Excel workbook"):
        import openpyxl  # reads XML with defusedxml where it is installed

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which hold no texts
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        with closing(book):
            name = _chosen([each.title for each in book.worksheets], sheet, path)
            rows = ((number, [_text(cell) for cell in cells]) for number, cells in _excel_rows(book[name], path))
            table = with_merged(table_of_rows(_bounded(rows, path), where=str(path)), path)
            return _with_note(table, book.sheetnames, name, sheet, path)


def read_ods(path: Path, *, sheet: str | None = None) -> Table:
    """Read a sheet of an OpenDocument spreadsheet.

    Raises:
        DataError: not a spreadsheet, damaged, far larger than its file, or without the sheet; a package is missing.
    """
    with _spreadsheet(path, "OpenDocument spreadsheet"):
        names = sheet_names(path)
        name = _chosen(names, sheet, path)
        table = with_merged(table_of_rows(_bounded(sheet_rows(path, name), path), where=str(path)), path)
        return _with_note(table, names, name, sheet, path)


@contextmanager
def _spreadsheet(path: Path, what: str) -> Iterator[None]:
    """Refuse a file that is something else, and turn what the libraries raise while reading it into a `DataError`."""
    refuse_other_kind(path, wanted=f"an {what}")
    _refuse_bombs(path)
    try:
        import defusedxml  # noqa: F401

        yield
    except ImportError as error:
        raise DataError(explain(f"an {what} needs packages of its own", fix=_INSTALL), where=str(path)) from error
    except ToolkitError:
        raise
    except Exception as error:  # openpyxl and the XML below raise whatever a damaged part makes them stumble over
        raise _damaged(what, error, path) from error


def _excel_rows(sheet: Any, path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield the number of each row and its cells; all rows are as wide as the widest so far, at least as the first."""
    width = 0
    # The size that the file declares may be wrong, and it makes rows of as many cells.
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > MOST_ROWS:  # a row may bear any number, and the rows before it come as empty ones
            raise DataError(f"more than {MOST_ROWS:,} rows", where=str(path))
        filled = next((index for index in range(len(cells), 0, -1) if cells[index - 1] not in (None, "")), 0)
        if filled > MOST_COLUMNS:
            raise DataError(f"{filled:,} columns, and at most {MOST_COLUMNS:,} are read", where=f"{path}:{number}")
        if filled:
            width = max(width, filled)
            yield number, [*cells[: max(width, filled)], *[None] * (width - len(cells))]


def _bounded(rows: Iterable[Row], path: Path) -> Iterator[Row]:
    """Yield rows until they grow beyond `LARGEST_RATIO`: cells may repeat, or share, a text that is packed once."""
    most = max(HARMLESS_BYTES, LARGEST_RATIO * path.stat().st_size)
    n_characters = 0
    for row in rows:
        n_characters += sum(len(cell) for cell in row[1] if cell)
        if n_characters > most:
            found = f"its cells have more than {LARGEST_RATIO} times its size, as those of a bomb do"
            raise DataError(explain(found, fix="save the sheet as csv if you trust it"), where=str(path))
        yield row


def _text(value: Any) -> str | None:
    """Return a cell as text: whole numbers without a fraction, dates as ISO 8601 writes them."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time.min:
        return value.date().isoformat()
    text = value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)
    if len(text) > LONGEST_LINE:
        raise ValueError(f"a cell of more than {LONGEST_LINE:,} characters")
    return text


def _chosen(names: Sequence[str], sheet: str | None, path: Path) -> str:
    if not names:
        raise DataError("no sheet with cells", where=str(path))
    if sheet is None:
        return names[0]
    if sheet not in names:
        match = nearest(sheet, names)
        message = explain(f"no sheet {sheet!r}", allowed=names, name=sheet, fix=f"write {path}#{match or names[0]}")
        raise DataError(message, where=str(path))
    return sheet


def _with_note(table: Table, names: Sequence[str], name: str, sheet: str | None, path: Path) -> Table:
    others = [other for other in names if other != name]
    if sheet is not None or not others:
        return table
    note = f"{path}: the sheet {name!r} is read; the others are {', '.join(others)}, such as {path}#{others[0]}"
    return replace(table, notes=(note, *table.notes))


def _refuse_bombs(path: Path) -> None:
    """Refuse an archive that declares far more than its size, links to other files, or a part that is encrypted.

    Raises:
        DataError: it does so.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged("spreadsheet", error, path) from error
    n_bytes = sum(part.file_size for part in parts)
    if n_bytes > max(HARMLESS_BYTES, LARGEST_RATIO * path.stat().st_size):
        found = f"unpacks to {n_bytes:,} bytes, more than {LARGEST_RATIO} times its size, as a bomb does"
        raise DataError(explain(found, fix="save the sheet as csv if you trust it"), where=str(path))
    if any(part.filename.startswith("xl/externalLinks/") for part in parts):
        fix = "copy the cells as values into a new workbook, or save the sheet as csv"
        raise DataError(explain("the workbook takes cells from other files", fix=fix), where=str(path))


def _damaged(what: str, error: Exception, path: Path) -> DataError:
    reason = (str(error).split("\n", maxsplit=1)[0] or type(error).__name__)[:200]
    return DataError(f"not a readable {what}: {reason}", where=str(path))
