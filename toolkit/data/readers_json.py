"""Readers of JSON: an object a line, a list of objects, or a table. Numbers keep the spelling of the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.data.json_shapes import ShapeError, records_of
from toolkit.data.records import Records
from toolkit.data.tables import Table
from toolkit.data.text_files import text_file
from toolkit.errors import DataError, explain

_SPACE = re.compile(r"[ \t\r\n]*")


class _DuplicateKeyError(ValueError):
    """An object has a key twice."""


def read_json_lines(path: Path, *, encoding: str | None = None) -> Table:
    """Read a file with a JSON object a line; blank lines are skipped. A file that is one list is read as such.

    Raises:
        DataError: a line that is not a JSON object, a duplicate key, half a surrogate pair; with its line.
    """
    file = text_file(path, encoding=encoding)
    if "".join(file.sample()).lstrip().startswith("["):
        return read_json(path, encoding=encoding)
    records = Records(str(path))
    for number, line in enumerate(file.lines(), start=1):
        if line.isspace():
            continue
        line = line.rstrip("\r\n")
        value, end = _parse(line, 0, path, number)
        if line[end:].strip():
            raise DataError("more after the line's JSON object", where=f"{path}:{number}")
        records.add(_require_object(value, path, number), number)
    if not len(records):
        raise DataError("the file is empty", where=str(path))
    return records.table(file.encoding)


def read_json(path: Path, *, encoding: str | None = None) -> Table:
    """Read a JSON file: a list of objects, consecutive objects (JSON lines), or one object that is a table.

    Raises:
        DataError: not JSON, not objects, a duplicate key, half a surrogate pair; with its line.
    """
    file = text_file(path, encoding=encoding)
    text = "".join(file.lines())
    if not text.strip():
        raise DataError("the file is empty", where=str(path))
    records = Records(str(path))
    for value, line in _rows(text, path):
        records.add(_require_object(value, path, line), line)
    if not len(records):
        raise DataError("an empty list, no rows", where=str(path))
    return records.table(file.encoding)


def _rows(text: str, path: Path) -> Iterator[tuple[Any, int]]:
    """Yield the rows with the line on which each begins; those of an object that is a table have its line."""
    values = _values(text, path)
    first = next(values, None)
    if first is None:
        return
    value, line = first
    second = next(values, None)
    if second is None and isinstance(value, dict) and not text.lstrip().startswith("["):
        try:
            records = records_of(value)
        except ShapeError as error:
            raise DataError(str(error), where=f"{path}:{line}") from error
        if records is not None:
            yield from ((record, line) for record in records)
            return
    yield first
    if second is not None:
        yield second
        yield from values


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
