"""Readers of JSON: an object a line, or a list of objects. Numbers keep the spelling of the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.data.encodings import Decoded
from toolkit.data.readers_text import decode_text
from toolkit.data.tables import Part, Table
from toolkit.errors import DataError, explain

_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_Records = tuple[list[dict[str, Any]], list[int]]


class _DuplicateKeyError(ValueError):
    """An object has a key twice."""


def read_json_lines(path: Path, *, encoding: str | None = None) -> Table:
    """Read a file with a JSON object a line; blank lines are skipped.

    Raises:
        DataError: a line that is not a JSON object, a duplicate key, half a surrogate pair; with its line.
    """
    decoded = decode_text(path.read_bytes(), encoding=encoding, where=str(path))
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    for number, line in enumerate(decoded.text.split("\n"), start=1):
        if not line or line.isspace():
            continue
        value, end = _parse(line, 0, path, number)
        if line[end:].strip():
            raise DataError("more after the line's JSON object", where=f"{path}:{number}")
        records.append(_require_object(value, path, number))
        lines.append(number)
    return _table(records, lines, path, decoded)


def read_json(path: Path, *, encoding: str | None = None) -> Table:
    """Read a JSON file that holds a list of objects, or consecutive objects (JSON lines).

    Raises:
        DataError: not JSON, not objects, a duplicate key, half a surrogate pair; with its line.
    """
    decoded = decode_text(path.read_bytes(), encoding=encoding, where=str(path))
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    for value, line in _values(decoded.text, path):
        records.append(_require_object(value, path, line))
        lines.append(line)
    if not records:
        raise DataError("an empty list, no rows", where=str(path))
    return _table(records, lines, path, decoded)


def _values(text: str, path: Path) -> Iterator[tuple[Any, int]]:
    """Yield the values of a list, or consecutive values, with the line on which each begins."""
    position, line = _skip(text, 0), 1
    in_list = text[position] == "["
    position = _skip(text, position + 1) if in_list else position
    counted = 0
    while position < len(text):
        line += text.count("\n", counted, position)
        counted = position
        if in_list and text[position] == "]":
            _require_end(text, position + 1, path, line)
            return
        value, end = _parse(text, position, path, line)
        yield value, line
        position = _skip(text, end)
        if in_list and text[position : position + 1] == ",":
            position = _skip(text, position + 1)
        elif in_list and position < len(text) and text[position] != "]":
            line += text.count("\n", counted, position)
            raise DataError("the list of objects breaks off; expected ',' or ']'", where=f"{path}:{line}")
    if in_list:
        raise DataError("the list is not closed; expected ']'", where=f"{path}:{text.count(chr(10)) + 1}")


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _require_end(text: str, position: int, path: Path, line: int) -> None:
    if _skip(text, position) < len(text):
        raise DataError("more after the end of the list", where=f"{path}:{line}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return record


def _constant(word: str) -> str | None:
    return None if word == "NaN" else word  # what pandas writes for a missing value


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_constant)


def _parse(text: str, position: int, path: Path, line: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, _skip(text, position))
    except json.JSONDecodeError as error:
        reached = line + text.count("\n", position, error.pos)
        raise DataError(f"not valid JSON: {error.msg}", where=f"{path}:{reached}") from error
    except _DuplicateKeyError as error:
        raise DataError(f"duplicate key {str(error)!r} in one object", where=f"{path}:{line}") from error
    except RecursionError as error:
        raise DataError("nested too deeply for a row of data", where=f"{path}:{line}") from error


def _require_object(value: Any, path: Path, line: int) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    kinds = {list: "a list", bool: "true or false", type(None): "null", str: "a string or number"}
    message = explain(
        f"{kinds[type(value)]} where a row should be",
        fix='each row is an object such as {"text": "…", "label": "…"}',
    )
    raise DataError(message, where=f"{path}:{line}")


def _table(records: list[dict[str, Any]], lines: list[int], path: Path, decoded: Decoded) -> Table:
    names = list(dict.fromkeys(name for record in records for name in record))
    if not names:
        raise DataError("the objects have no keys, so there are no columns", where=str(path))
    not_text: dict[str, str] = {}
    columns = {name: [_cell(record.get(name), name, not_text) for record in records] for name in names}
    _refuse_surrogates(columns, lines, path, decoded.text)
    return Table(columns, (Part(str(path), lines, decoded.encoding),), not_text=not_text)


def _cell(value: Any, name: str, not_text: dict[str, str]) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    not_text[name] = "lists" if isinstance(value, list) else "objects"
    return json.dumps(value, ensure_ascii=False)


def _refuse_surrogates(columns: dict[str, list[str | None]], lines: list[int], path: Path, text: str) -> None:
    # Only an escape can bring half a pair: the decoded file itself cannot hold one.
    if "\\ud" not in text and "\\uD" not in text:
        return
    for name, cells in columns.items():
        for line, cell in zip(lines, cells, strict=True):
            if cell is not None and _SURROGATE.search(cell):
                message = f"column {name!r} holds half of a surrogate pair, which is not a character"
                raise DataError(message, where=f"{path}:{line}")
