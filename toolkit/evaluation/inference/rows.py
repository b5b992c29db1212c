"""Columns of predictions as rows and as files, for all tasks."""

from __future__ import annotations

import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.errors import RecipeError, explain
from toolkit.files import replacing

_NUMBERS = {
    "probability": pa.float64(),
    "negative_log_likelihood": pa.float64(),
    "n_tokens": pa.int64(),
    "n_characters": pa.int64(),
}

_ANSWERS = ("prediction", "reference")

PROBABILITY_OF = "probability:"
"""What the name of a column begins with that holds the probability of one label, whose name follows."""

# What a spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection), and does not for one.
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?%?")

Row = dict[str, Any]
Columns = Mapping[str, Sequence[Any]]


class RowPredictions(ABC):
    """What a model answered, row by row, in the order of the input."""

    @abstractmethod
    def columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns by name, ``id``, ``text`` and ``prediction`` among them."""

    def rows(self) -> list[Row]:
        """Return the columns as one dict a row."""
        return rows_of(self.columns())

    def write(self, path: str | Path, *, raw: bool = False) -> None:
        """Write the rows, atomically, in the format that the path's suffix names.

        Args:
            path: ends in one of `OUTPUT_SUFFIXES`; its folder exists.
            raw: see `write_rows`.

        Raises:
            RecipeError: the suffix is none of them.
            ResourceError: the file cannot be written.
        """
        write_rows(self.columns(), path, raw=raw)


def rows_of(columns: Columns) -> list[Row]:
    """Turn columns of one length into one dict a row."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def write_rows(columns: Columns, path: str | Path, *, raw: bool = False) -> None:
    """Write rows, atomically, in the format that the path's suffix names.

    Args:
        columns: ``id`` holds whole numbers or names, those of `_NUMBERS` and `PROBABILITY_OF` numbers, ``prediction``
            and ``reference`` numbers or text, others text, or lists, which are JSON in csv.
        path: ends in one of `OUTPUT_SUFFIXES`; its folder exists.
        raw: leave texts in csv as they are that a spreadsheet would run as formulas; an apostrophe is put before them
            otherwise. Other formats are never opened by one, and keep every text.

    Raises:
        RecipeError: the suffix is none of them.
        ResourceError: the file cannot be written.
    """
    check_output_suffix(path)
    if Path(path).suffix.lower() == ".csv" and not raw:
        columns = {name: [_inert(value) for value in values] for name, values in columns.items()}
    with replacing(path, needed=lambda: _size(columns)) as temporary:
        _WRITERS[Path(path).suffix.lower()](columns, temporary)


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet may run a text; one that is a number is none."""
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def _inert(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def _size(columns: Columns) -> int:
    """Return about how many bytes the rows take as text."""
    return sum(len(str(value).encode()) + 1 for values in columns.values() for value in values)


def check_output_suffix(path: str | Path) -> None:
    """Check that a file can be written in the format its name asks for, before any work is done for it.

    Raises:
        RecipeError: the suffix is none of `OUTPUT_SUFFIXES`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in OUTPUT_SUFFIXES:
        found = f"output in the format {suffix!r}" if suffix else "an output file without a suffix"
        message = explain(f"{found} cannot be written", allowed=OUTPUT_SUFFIXES, name=suffix)
        raise RecipeError(message, where=str(path))


def _write_csv(columns: Columns, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        # Up to Python 3.12 a lone carriage return is written without quotes, and then read as a line's end.
        quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(columns)
        for cells in zip(*columns.values(), strict=True):
            row = [json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in cells]
            has_return = any(isinstance(value, str) and "\r" in value for value in row)
            (quoting if has_return else writer).writerow(row)


def _write_jsonl(columns: Columns, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in rows_of(columns):
            stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def _write_parquet(columns: Columns, path: Path) -> None:
    numbered = all(isinstance(name, int) for name in columns["id"])
    types = {**_NUMBERS, "id": pa.int64() if numbered else pa.string()}
    ids = columns["id"] if numbered else [str(name) for name in columns["id"]]
    for name, values in columns.items():
        if name.startswith(PROBABILITY_OF) or (name in _ANSWERS and any(isinstance(value, float) for value in values)):
            types[name] = pa.float64()
        if any(isinstance(value, list) for value in values):
            types[name] = pa.infer_type(values)
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    pq.write_table(pa.table({**columns, "id": ids}, schema=schema), path)


_WRITERS: dict[str, Callable[[Columns, Path], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}

OUTPUT_SUFFIXES = tuple(_WRITERS)
