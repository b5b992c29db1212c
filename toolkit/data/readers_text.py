"""Readers of csv, tsv and plain text: every cell is the text of the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from toolkit.data.encodings import Decoded, decode_and_name
from toolkit.data.tables import Part, Table
from toolkit.errors import DataError, Fault, explain

# The default of the module is 128 KiB; this is the largest that a C long holds on every platform.
_LARGEST_CELL = 2**31 - 1
_MOST_FAULTS = 10


def read_delimited(path: Path, *, delimiter: str, quoting: bool, encoding: str | None = None) -> Table:
    """Read a file of delimited columns whose first line names them.

    Blank lines are skipped. Cells are taken verbatim: nothing is stripped, converted or read as missing.

    Args:
        path: the file.
        delimiter: ``,`` or a tab.
        quoting: whether a double quote at a cell's start opens a quoted cell (RFC 4180).
        encoding: the file's encoding, or None to detect it.

    Raises:
        DataError: nothing below the header, ragged rows, an unclosed quote, a duplicate column, a NUL, or
            undecodable bytes; each with its line.
    """
    decoded = decode_text(path.read_bytes(), encoding=encoding, where=str(path))
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(
        io.StringIO(decoded.text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE,
        strict=True,
    )
    rows: list[list[str]] = []
    lines: list[int] = []
    begin = 1
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(begin)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise DataError(Fault(_broken_record(error, reader.line_num, begin), f"{path}:{begin}")) from error
    _require_shape(rows, lines, path)
    header, cells = rows[0], rows[1:]
    columns: dict[str, list[str | None]] = {name: [row[index] for row in cells] for index, name in enumerate(header)}
    return Table(columns, (Part(str(path), lines[1:], decoded.encoding),))


def read_lines(path: Path, *, encoding: str | None = None) -> Table:
    """Read a text file as a column ``text``, a row a line; empty lines at the end are left out.

    Raises:
        DataError: the file is empty, holds a NUL or cannot be decoded.
    """
    return lines_table(path.read_bytes(), encoding=encoding, where=str(path))


def lines_table(raw: bytes, *, encoding: str | None, where: str) -> Table:
    """Return bytes as a column ``text``, a row a line; empty lines at the end are left out.

    Raises:
        DataError: there is no text, or it holds a NUL or cannot be decoded.
    """
    lines, found = _split_lines(raw, encoding=encoding, where=where)
    while lines and not lines[-1].strip():
        lines.pop()
    return Table({"text": list(lines)}, (Part(where, range(1, len(lines) + 1), found),))


def read_parallel(paths: Mapping[str, Path], *, encoding: str | None = None) -> Table:
    """Read text files whose lines belong together, a file a column.

    Raises:
        DataError: a file is empty or undecodable, or the files do not have the same number of lines.
    """
    columns: dict[str, list[str | None]] = {}
    found = None
    for name, path in paths.items():
        lines, found = _split_lines(path.read_bytes(), encoding=encoding, where=str(path))
        columns[name] = list(lines)
    counts = {str(path): len(columns[name]) for name, path in paths.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise DataError(f"the files' lines do not belong together, their numbers differ: {listed}")
    label = " + ".join(counts)
    return Table(columns, (Part(label, range(1, next(iter(counts.values())) + 1), found),))


def decode_text(raw: bytes, *, encoding: str | None, where: str) -> Decoded:
    """Return the text of bytes.

    Raises:
        DataError: there is no text, or it holds a NUL character or cannot be decoded.
    """
    decoded = decode_and_name(raw, encoding=encoding, where=where)
    if not decoded.text.strip():
        raise DataError("the file is empty", where=where)
    position = decoded.text.find("\0")
    if position >= 0:
        line = decoded.text.count("\n", 0, position) + 1
        raise DataError(
            explain("a NUL character, so this is not plain text", fix="save the file as UTF-8 text again"),
            where=f"{where}:{line}",
        )
    return decoded


def _split_lines(raw: bytes, *, encoding: str | None, where: str) -> tuple[list[str], str]:
    decoded = decode_text(raw, encoding=encoding, where=where)
    # Not str.splitlines: it would also break at characters such as U+2028 that belong to a sentence.
    lines = decoded.text.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines, decoded.encoding


def _broken_record(error: csv.Error, last_line: int, begin: int) -> str:
    if "unexpected end of data" in str(error):
        return explain("a quote that opens in this record is never closed", fix='write a quote in a cell as ""')
    reached = f" (reached on line {last_line})" if last_line > begin else ""
    fix = 'a quote within a quoted cell is written as ""; a file without quoting needs data.quoting: false'
    return explain(f"broken quoting, {error}{reached}", fix=fix)


def _require_shape(rows: list[list[str]], lines: list[int], path: Path) -> None:
    header = rows[0]
    duplicates = sorted({name for name in header if header.count(name) > 1})
    if duplicates:
        listed = ", ".join(map(repr, duplicates))
        raise DataError(f"duplicate column {listed}; every column needs its own name", where=f"{path}:{lines[0]}")
    if len(rows) == 1:
        raise DataError("only a header, no rows", where=str(path))
    width = len(header)
    ragged = [index for index, row in enumerate(rows) if len(row) != width]
    faults = [
        Fault(
            f"{len(rows[index])} cell{'' if len(rows[index]) == 1 else 's'} where the header has {width}",
            f"{path}:{lines[index]}",
        )
        for index in ragged[:_MOST_FAULTS]
    ]
    if len(ragged) > _MOST_FAULTS:
        faults.append(Fault(f"and {len(ragged) - _MOST_FAULTS:,} more such rows", str(path)))
    if faults:
        raise DataError(*faults)
