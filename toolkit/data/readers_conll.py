"""Reader of CoNLL files: a token a line, its columns apart by tabs or blanks, and an empty line after each sentence.

Lines that begin with ``#`` and have no tag are comments, and ``-DOCSTART-`` is no token. Where tabs stand between the
columns, a token may be a blank: some files have a character a line. The format is that of the shared task of CoNLL 2003
(Tjong Kim Sang & De Meulder 2003, https://aclanthology.org/W03-0419/), with any number of columns.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from toolkit.data.byte_streams import open_bytes
from toolkit.data.readers_text import decode_text
from toolkit.data.tables import Part, Table
from toolkit.errors import DataError, Fault

LINES = "line of each token"
"""A column that `read_conll` adds."""

_BEGINS_A_DOCUMENT = "-DOCSTART-"
_MOST_FAULTS = 10
_HEAD_BYTES = 1 << 14
_POSITION = r"[BIMELSUW]"
_TAG = re.compile(rf"O|-|{_POSITION}([-_]\S+)?|\S+[-_]{_POSITION}")
"""How entities are marked in files; a word of a sentence or a label is hardly ever spelt so."""

Line = tuple[int, list[str]]
"""The 1-based number of a line, and its cells; no cells where the line is empty."""


def read_conll(path: Path, *, encoding: str | None = None) -> Table:
    """Read a CoNLL file as a row a sentence, whose columns are JSON lists.

    Returns:
        Columns ``tokens`` (the first column of the file), ``tags`` (its last, of two or more), and all of them by their
        numbers: ``1``, ``2`` and so on. The line of a row is that of its first token; `LINES` has that of each.

    Raises:
        DataError: nothing but comments, a line with another number of columns, or undecodable bytes; with its line.
    """
    decoded = decode_text(path.read_bytes(), encoding=encoding, where=str(path))
    lines = _without_comments(_split(decoded.text.replace("\r\n", "\n").split("\n")))
    filled = [line for line in lines if line[1]]
    if not filled:
        raise DataError("no line has a token", where=str(path))
    width, _ = Counter(len(cells) for _, cells in filled).most_common(1)[0]
    _check_width(filled, width, path)
    sentences = [list(group) for has_cells, group in groupby(lines, key=lambda line: bool(line[1])) if has_cells]
    columns: dict[str, list[str | None]] = {
        str(column + 1): [_json([cells[column] for _, cells in sentence]) for sentence in sentences]
        for column in range(width)
    }
    numbers: list[str | None] = [json.dumps([number for number, _ in sentence]) for sentence in sentences]
    named = {"tokens": columns["1"]} | ({"tags": columns[str(width)]} if width > 1 else {})
    part = Part(str(path), [sentence[0][0] for sentence in sentences], decoded.encoding)
    return Table({**named, **columns, LINES: numbers}, (part,), not_text=dict.fromkeys((*named, *columns), "lists"))


def is_conll(path: Path) -> bool:
    """Return whether a file has a token a line, whatever its suffix: even rows that end with tags, with breaks between.

    Its beginning tells; a file that cannot be read is none, and its reader will say why.
    """
    try:
        with open_bytes(path) as stream:
            head = stream.read(_HEAD_BYTES)
    except (OSError, EOFError, DataError):
        return False
    # Tabs, line ends and tags are the same bytes in every encoding that is read, but UTF-16.
    text = head.decode("utf-8", errors="replace").replace("\r\n", "\n")
    rows = [line.split("\t") for line in text.split("\n")]
    whole = rows if len(head) < _HEAD_BYTES else rows[:-1]
    filled = [row for row in whole if row != [""] and not row[0].startswith(("#", _BEGINS_A_DOCUMENT))]
    tags = {row[-1] for row in filled}
    width = {len(row) for row in filled}
    begins = any(tag.startswith("B") or tag[-2:] in ("-B", "_B") for tag in tags)
    return begins and len(width) == 1 and width != {1} and all(map(_TAG.fullmatch, tags)) and [""] in whole[:-1]


def _json(cells: list[str]) -> str:
    return json.dumps(cells, ensure_ascii=False)


def _split(lines: Sequence[str]) -> list[Line]:
    """Split lines into cells: at tabs if any line has one, else at blanks."""
    has_tabs = any("\t" in line and not line.startswith("#") for line in lines)
    return [
        (number, [] if not line.strip() else line.split("\t") if has_tabs else line.split())
        for number, line in enumerate(lines, start=1)
    ]


def _without_comments(lines: Sequence[Line]) -> list[Line]:
    """Leave out comments; a document's beginning becomes an empty line."""
    tags = {cells[-1] for _, cells in lines if cells and not cells[0].startswith("#")}
    kept = [line for line in lines if not line[1] or not line[1][0].startswith("#") or _is_token(line[1], tags)]
    return [(number, [] if cells and cells[0].startswith(_BEGINS_A_DOCUMENT) else cells) for number, cells in kept]


def _is_token(cells: Sequence[str], tags: set[str]) -> bool:
    """Return whether a line that begins with ``#`` has one of the tags of the other lines."""
    return len(cells) > 1 and cells[-1] in tags


def _check_width(lines: Sequence[Line], width: int, path: Path) -> None:
    others = [(number, len(cells)) for number, cells in lines if len(cells) != width]
    faults = [
        Fault(f"{found} column{'' if found == 1 else 's'} where most tokens have {width}", f"{path}:{number}")
        for number, found in others[:_MOST_FAULTS]
    ]
    if len(others) > _MOST_FAULTS:
        faults.append(Fault(f"and {len(others) - _MOST_FAULTS:,} more such lines", str(path)))
    if faults:
        raise DataError(*faults)
