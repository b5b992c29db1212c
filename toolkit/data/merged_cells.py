"""Cells of a spreadsheet that are merged over several rows: the first row alone has the value."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from toolkit.data.tables import Table

# B2:B5 of Excel, and the rows that a cell of OpenDocument spans.
_OVER_ROWS = re.compile(rb'<mergeCell ref="[A-Z]+(\d+):[A-Z]+(?!\1")\d+"|number-rows-spanned="(?!1")\d+"')
_PARTS = re.compile(r"xl/worksheets/[^/]+\.xml|content\.xml")
_BLOCK_BYTES = 2**20
_LONGEST_MATCH = 64


def with_merged(table: Table, path: Path) -> Table:
    """Return a table with a note if cells of its file are merged over rows.

    Args:
        table: of a sheet of the file.
        path: a zip archive of XML, of bounded size.
    """
    if not any(_OVER_ROWS.search(block) for block in _blocks(path)):
        return table
    found = "cells are merged over several rows, and the first of these rows alone has the value"
    return replace(table, notes=(*table.notes, f"{path}: {found}; unmerge them and fill the rows below"))


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the sheets of a file in blocks that overlap by the length of a match."""
    with zipfile.ZipFile(path) as archive:
        for name in filter(_PARTS.fullmatch, archive.namelist()):
            with archive.open(name) as stream:
                tail = b""
                while block := stream.read(_BLOCK_BYTES):
                    yield tail + block
                    tail = block[-_LONGEST_MATCH:]
