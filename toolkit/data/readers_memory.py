"""Rows in memory as tables: frames of pandas and polars, data sets, Arrow tables, lists of rows or texts, columns."""

from __future__ import annotations

import datetime
import decimal
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from toolkit.data.hub_datasets import from_dataset
from toolkit.data.readers_arrow import from_arrow
from toolkit.data.records import Records
from toolkit.data.tables import Part, Table
from toolkit.data.text_column import TextColumn
from toolkit.errors import DataError, explain

_ROWS = "a DataFrame of pandas or polars, a Dataset, a list of dicts, a list of texts, or a dict of columns"
_MISSING = frozenset({"NAType", "NaTType"})


def is_columnar(value: Any) -> bool:
    """Return whether a value is a table by itself: a frame, a data set or an Arrow table."""
    frame = hasattr(value, "__arrow_c_stream__") and len(getattr(value, "shape", ())) == 2  # a series has one axis
    return frame or _is_of("datasets", "Dataset", value)


def memory_table(value: Any) -> Table:
    """Read rows that are in memory.

    Numbers, booleans, dates and lists become the text that a file would have. The index of a frame is not read.

    Args:
        value: a frame, a data set or an Arrow table; a mapping from columns to their cells; or any iterable of rows
            (mappings) or texts, which is read once.

    Raises:
        DataError: no rows, a duplicate column, something that is no row, or text that is not valid UTF-8.
    """
    kind = type(value).__name__
    if _is_of("datasets", "Dataset", value):
        if not len(value):
            raise DataError("no rows", where=kind)
        return from_dataset(value, kind)
    if is_columnar(value):
        return _frame(value, kind)
    if isinstance(value, Mapping):
        return _columns(value, kind)
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise DataError(explain(f"a value of type {kind} holds no rows", fix=f"give {_ROWS}"), where="data")
    return _rows(list(value), kind)


def _is_of(module: str, name: str, value: Any) -> bool:
    """Return whether a value is of a library's class; a library that nobody imported has made no values."""
    return module in sys.modules and isinstance(value, getattr(sys.modules[module], name))


def _frame(frame: Any, kind: str) -> Table:
    import pyarrow

    if _is_of("pandas", "DataFrame", frame):
        names = [str(name) for name in frame.columns]
        if len(set(names)) < len(names):
            twice = ", ".join(sorted({repr(name) for name in names if names.count(name) > 1}))
            raise DataError(f"duplicate column {twice}", where=kind)
        frame = frame.set_axis(names, axis="columns")
        try:
            table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        except (pyarrow.ArrowException, OverflowError, UnicodeError):  # a column of several types
            return _rows(frame.to_dict("records"), kind)
    else:
        table = pyarrow.table(frame)
    # What pandas wrote about its types into the schema is no names of classes.
    return from_arrow(table, name=kind)


def _columns(columns: Mapping[Any, Any], kind: str) -> Table:
    cells = {str(name): _listed(column, str(name), kind) for name, column in columns.items()}
    lengths = {name: len(column) for name, column in cells.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length:,}" for name, length in list(lengths.items())[:5])
        raise DataError(f"columns that are not equally long: {listed}", where=kind)
    return _rows([dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)], kind)


def _listed(column: Any, name: str, kind: str) -> list[Any]:
    if isinstance(column, (str, bytes, Mapping)) or not isinstance(column, Iterable):
        found = f"column {name!r} is one value of type {type(column).__name__}"
        raise DataError(explain(found, fix="give a list of cells, one a row"), where=kind)
    return list(column)


def _rows(rows: Sequence[Any], kind: str) -> Table:
    if not rows:
        raise DataError("no rows", where=kind)
    if all(isinstance(row, str) or is_missing(row) for row in rows):
        return _texts([row if isinstance(row, str) else None for row in rows], kind)
    records = Records(kind)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            found = f"item {number - 1} is of type {type(row).__name__}, not a row"
            fix = 'each item is a dict such as {"text": "…", "label": "…"}, or all are texts'
            raise DataError(explain(found, fix=fix), where=kind)
        records.add({str(name): _cell(cell, str(name), kind) for name, cell in row.items()}, number)
    return records.table(None)


def _texts(texts: Sequence[str | None], kind: str) -> Table:
    try:
        column: TextColumn[str | None] = TextColumn.of(texts)
    except UnicodeEncodeError:
        raise DataError("a text holds half of a surrogate pair, which is not a character", where=kind) from None
    return Table({"text": column}, (Part(kind, range(1, len(texts) + 1)),), is_lines=True)


def is_missing(value: Any) -> bool:
    """Return whether a value stands for a missing one: None, NaN, or those of pandas."""
    if value is None or type(value).__name__ in _MISSING:
        return True
    return isinstance(value, float) and math.isnan(value)


def _cell(value: Any, column: str, kind: str) -> Any:
    """Return a value as a reader of JSON would: numbers by their spelling, also those in lists and objects."""
    if hasattr(value, "tolist") and not isinstance(value, (str, bytes)):  # a scalar or an array of numpy or torch
        value = value.tolist()
    if is_missing(value):
        return None
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float, decimal.Decimal, datetime.date, datetime.time)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _cell(inner, column, kind) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cell(inner, column, kind) for inner in value]
    found = f"column {column!r} holds a value of type {type(value).__name__}"
    raise DataError(
        explain(found, fix="cells are texts, numbers, booleans, dates, or lists and dicts of these"), where=kind
    )
