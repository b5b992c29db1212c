"""The cells of an OpenDocument spreadsheet (OASIS OpenDocument 1.3, part 3, section 9)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from toolkit.data.grid import MOST_COLUMNS
from toolkit.data.text_files import LONGEST_LINE

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
MOST_ROWS = 1 << 21
"""Rows of a sheet that is read; programs have half as many at most."""


def sheet_names(path: Path) -> list[str]:
    """Return the names of the sheets, in order."""
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
        return [element.get(f"{_TABLE}name", "") for _, element in _elements(stream, "start", f"{_TABLE}table")]


def sheet_rows(path: Path, name: str) -> Iterator[tuple[int, list[str | None]]]:
    """Yield the number of each row of a sheet with content, and its cells; None is an empty one.

    Raises:
        ValueError: a cell or row is repeated more often than a sheet has room.
    """
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
        current, number, width = "", 0, 0
        for event, element in _elements(stream, "both", f"{_TABLE}table", f"{_TABLE}table-row"):
            if element.tag == f"{_TABLE}table":
                current = element.get(f"{_TABLE}name", "") if event == "start" else ""
            elif event == "end":
                cells = _cells(element) if current == name else []
                repeated = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
                element.clear()
                if cells:
                    width = width or len(cells)
                    if number + repeated > MOST_ROWS:
                        raise ValueError(f"more than {MOST_ROWS:,} rows")
                    for step in range(repeated):
                        yield number + step + 1, cells + [None] * (width - len(cells))
                number += repeated


def _elements(stream: IO[bytes], event: str, *tags: str) -> Iterator[tuple[str, Any]]:
    from defusedxml.ElementTree import iterparse

    events = ("start", "end") if event == "both" else (event,)
    for found, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        if element.tag in tags and found in events:
            yield found, element
        if found == "end" and element.tag == f"{_TABLE}table":
            element.clear()


def _cells(row: Any) -> list[str | None]:
    """Return the cells of a row up to the last one with content."""
    cells: list[str | None] = []
    n_empty = 0
    for element in row:
        if element.tag not in _CELLS:
            continue
        text = _cell(element)
        repeated = int(element.get(f"{_TABLE}number-columns-repeated", "1"))
        if text is None:
            n_empty += repeated
            continue
        if len(cells) + n_empty + repeated > MOST_COLUMNS:
            raise ValueError(f"more than {MOST_COLUMNS:,} columns")
        cells += [None] * n_empty + [text] * repeated
        n_empty = 0
    return cells


def _cell(element: Any) -> str | None:
    kind = element.get(f"{_OFFICE}value-type")
    if kind in ("float", "percentage", "currency"):
        number = element.get(f"{_OFFICE}value", "")
        return number.removesuffix(".0") or None
    if kind == "boolean":
        return element.get(f"{_OFFICE}boolean-value") or None
    if kind == "date":
        return element.get(f"{_OFFICE}date-value") or None
    text = "\n".join("".join(_pieces(part)) for part in element.findall(f"{_TEXT}p"))
    if len(text) > LONGEST_LINE:
        raise ValueError(f"a cell of more than {LONGEST_LINE:,} characters")
    return text or None


def _pieces(element: Any) -> Iterator[str]:
    """Yield the text of a paragraph; runs of blanks, tabs and line breaks are elements of their own."""
    if element.tag == f"{_TEXT}s":
        yield " " * min(int(element.get(f"{_TEXT}c", "1")), 1000)
    elif element.tag == f"{_TEXT}tab":
        yield "\t"
    elif element.tag == f"{_TEXT}line-break":
        yield "\n"
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
