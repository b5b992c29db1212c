"""Readers of csv, tsv and plain text: every cell is the text of the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path

from toolkit.data.encodings import Decoded, decode_and_name, detect
from toolkit.data.grid import table_of_rows
from toolkit.data.separators import NAMES, Dialect, table_in_text, tell_dialect
from toolkit.data.tables import Part, Table
from toolkit.data.text_column import TextColumn
from toolkit.data.text_files import LONGEST_LINE, TextFile, text_file
from toolkit.errors import DataError, explain

CSV = Dialect(",", quoting=True)
TSV = Dialect("\t", quoting=False)

_JSON_BEGINS = re.compile(r'\s*(\[\s*)?\{\s*"')


def read_delimited(path: Path, *, own: Dialect, quoting: bool | None = None, encoding: str | None = None) -> Table:
    """Read a file of delimited columns; its content tells the separator.

    Blank lines are skipped. Cells are taken verbatim: nothing is stripped, converted or read as missing.

    Args:
        path: the file.
        own: how columns are written by the custom of the file's suffix.
        quoting: whether a double quote at a cell's start opens a quoted cell (RFC 4180); None is the custom.
        encoding: the file's encoding, or None to detect it.

    Raises:
        DataError: nothing below the header, ragged rows, an unclosed quote, a duplicate column, a NUL, a line or cell
            of more than `LONGEST_LINE` characters, or undecodable bytes; each with its line.
    """
    file = text_file(path, encoding=encoding)
    dialect = tell_dialect(file.sample(), own=own, quoting=quoting)
    return _delimited(file, dialect, own)


def read_text(path: Path, *, quoting: bool | None = None, encoding: str | None = None) -> Table:
    """Read a text file as a column ``text``, a row a line; empty lines at the end are left out.

    A file that is JSON is read as JSON, and one of even columns under names as a table.

    Raises:
        DataError: the file is empty, holds a NUL or cannot be decoded, or is a broken table or JSON.
    """
    file = text_file(path, encoding=encoding)
    sample = file.sample()
    if sample and _JSON_BEGINS.match("".join(sample[:4])):
        from toolkit.data.readers_json import read_json

        try:
            return replace(read_json(path, encoding=encoding), notes=(f"{path}: read as JSON, which its lines are",))
        except DataError:  # lines that only begin like JSON are text
            pass
    dialect = table_in_text(sample, quoting=quoting)
    return _lines(file) if dialect is None else _delimited(file, dialect, None)


def _delimited(file: TextFile, dialect: Dialect, own: Dialect | None) -> Table:
    table = table_of_rows(records(file, dialect), where=file.where, encoding=file.encoding)
    said = (
        [] if own and dialect.delimiter == own.delimiter else [f"columns are separated by {_name(dialect.delimiter)}"]
    )
    if own and dialect.delimiter == own.delimiter and dialect.quoting and not own.quoting:
        said.append("cells are in quotes")
    return replace(table, notes=(*(f"{file.where}: {line}" for line in said), *table.notes))


def _name(delimiter: str) -> str:
    return NAMES.get(delimiter, repr(delimiter))


def records(file: TextFile, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each record begins, and its cells."""
    csv.field_size_limit(LONGEST_LINE)
    lines = islice(file.lines(), dialect.skip, None)
    reader = csv.reader(lines, delimiter=dialect.delimiter, quoting=dialect.csv_quoting, strict=True)
    begin = 1 + dialect.skip
    try:
        for row in reader:
            if row:
                yield begin, row
            begin = reader.line_num + 1 + dialect.skip
    except csv.Error as error:
        raise file.fault(_broken_record(error, reader.line_num + dialect.skip, begin), begin) from error


def _lines(file: TextFile) -> Table:
    def text() -> Iterator[str]:
        blank: list[str] = []  # empty lines at the end are left out
        for line in file.lines():
            content = line.rstrip("\r\n")
            if not content or content.isspace():
                blank.append(content)
                continue
            if blank:
                yield from blank
                blank.clear()
            yield content

    column: TextColumn[str | None] = TextColumn.of(text())
    if not len(column):
        raise DataError("the file is empty", where=file.where)
    return Table({"text": column}, (Part(file.where, range(1, len(column) + 1), file.encoding),), is_lines=True)


def lines_table(raw: bytes, *, encoding: str | None, where: str) -> Table:
    """Return bytes as a column ``text``, a row a line; empty lines at the end are left out.

    Raises:
        DataError: there is no text, or it holds a NUL or cannot be decoded.
    """
    encoding = detect(lambda: nullcontext(io.BytesIO(raw)), encoding=encoding, where=where)
    return _lines(TextFile(where, lambda: nullcontext(io.BytesIO(raw)), encoding))


def read_parallel(paths: Mapping[str, Path], *, encoding: str | None = None) -> Table:
    """Read text files whose lines belong together, a file a column.

    Raises:
        DataError: a file is empty or undecodable, or the files do not have the same number of lines.
    """
    columns: dict[str, TextColumn[str | None]] = {}
    found = None
    for name, path in paths.items():
        file = text_file(path, encoding=encoding)
        found = file.encoding
        columns[name] = TextColumn.of(_without_ends(file))
        if all(not (cell or "").strip() for cell in columns[name]):
            raise DataError("the file is empty", where=str(path))
    counts = {str(path): len(columns[name]) for name, path in paths.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        raise DataError(f"the files' lines do not belong together, their numbers differ: {listed}")
    label = " + ".join(counts)
    return Table(columns, (Part(label, range(1, next(iter(counts.values())) + 1), found),))


def _without_ends(file: TextFile) -> Iterator[str | None]:
    return (line.rstrip("\r\n") for line in file.lines())


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


def _broken_record(error: csv.Error, last_line: int, begin: int) -> str:
    if "unexpected end of data" in str(error):
        return explain("a quote that opens in this record is never closed", fix='write a quote in a cell as ""')
    if "field larger" in str(error):
        found = f"a cell of more than {LONGEST_LINE:,} characters; is a quote that opens in this record never closed?"
        return explain(found, fix='write a quote in a cell as ""')
    reached = f" (reached on line {last_line})" if last_line > begin else ""
    fix = 'a quote within a quoted cell is written as ""; a file without quoting needs data.quoting: false'
    return explain(f"broken quoting, {error}{reached}", fix=fix)
