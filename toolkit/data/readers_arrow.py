"""Readers of parquet and arrow files, and Arrow tables as tables of text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.data.tables import Part, Table
from toolkit.errors import DataError

if TYPE_CHECKING:
    import pyarrow


def read_parquet(path: Path) -> Table:
    """Read a parquet file.

    Raises:
        DataError: not a parquet file, damaged, or without rows.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        # Through a stream, because a path would be read as a data set with columns from the folder names.
        with path.open("rb") as stream:
            table = pyarrow.parquet.ParquetFile(stream).read()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"not a readable parquet file: {_first_line(error)}", where=str(path)) from error
    return from_arrow(table, name=str(path))


def read_arrow(path: Path) -> Table:
    """Read an Arrow file (feather) or an Arrow stream (what ``datasets`` saves).

    Raises:
        DataError: neither of the two, damaged, or without rows.
    """
    import pyarrow

    # Read into memory: a map would keep the file open, and Windows could not replace it then.
    content = path.read_bytes()
    try:
        try:
            table = pyarrow.ipc.open_file(content).read_all()
        except pyarrow.ArrowInvalid:
            table = pyarrow.ipc.open_stream(content).read_all()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"not a readable arrow file: {_first_line(error)}", where=str(path)) from error
    return from_arrow(table, name=str(path))


def from_arrow(table: pyarrow.Table, *, name: str, categories: Mapping[str, tuple[str, ...]] | None = None) -> Table:
    """An Arrow table as text: numbers as Python writes them, booleans as true and false, null as None, lists as JSON.

    Args:
        table: the table; columns of class numbers get their names.
        name: what to call it in messages.
        categories: the class names of columns of class numbers, or of lists of them; by default those that
            ``datasets`` has written into the schema.

    Raises:
        DataError: no rows, a duplicate column, or text that is not valid UTF-8.
    """
    if not table.num_rows:
        raise DataError("no rows", where=name)
    names = table.column_names
    if len(set(names)) < len(names):
        listed = ", ".join(sorted({repr(column) for column in names if names.count(column) > 1}))
        raise DataError(f"duplicate column {listed}", where=name)
    categories = dict(categories if categories is not None else _categories(table.schema))
    not_text: dict[str, str] = {}
    columns: dict[str, list[str | None]] = {}
    for column in names:
        cells = _cells(table.column(column), name, column, not_text)
        named = _lists_of_class_names if not_text.get(column) == "lists" else _class_names
        columns[column] = named(cells, categories[column]) if column in categories else cells
    lines = range(1, table.num_rows + 1)
    return Table(columns, (Part(name, lines),), categories=categories, not_text=not_text)


def _cells(column: Any, name: str, label: str, not_text: dict[str, str]) -> list[str | None]:
    import pyarrow
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if types.is_floating(column.type):
        return [None if value is None or math.isnan(value) else str(value) for value in column.to_pylist()]
    if _is_flat_list(column.type):
        not_text[label] = "lists"
        return [
            None if value is None else json.dumps(list(map(_item, value)), ensure_ascii=False)
            for value in column.to_pylist()
        ]
    if types.is_nested(column.type) or types.is_binary(column.type) or types.is_large_binary(column.type):
        not_text[label] = "bytes" if not types.is_nested(column.type) else "lists or objects"
        return [None] * len(column)
    try:
        texts: list[str | None] = column.cast(pyarrow.large_string()).to_pylist()
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"column {label!r} is not valid text: {_first_line(error)}", where=name) from error
    return texts


def _categories(schema: pyarrow.Schema) -> dict[str, tuple[str, ...]]:
    metadata = (schema.metadata or {}).get(b"huggingface")
    if metadata is None:
        return {}
    features = json.loads(metadata).get("info", {}).get("features", {})
    return {
        name: tuple(_item_feature(feature)["names"])
        for name, feature in features.items()
        if _item_feature(feature).get("_type") == "ClassLabel"
    }


def _item_feature(feature: Any) -> dict[str, Any]:
    """The feature, or that of the items of a list."""
    inner = feature.get("feature") if isinstance(feature, dict) and "feature" in feature else feature
    return inner if isinstance(inner, dict) else {}


def _is_flat_list(kind: Any) -> bool:
    from pyarrow import types

    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    items = kind.value_type if is_list else None
    return bool(is_list) and bool(types.is_string(items) or types.is_large_string(items) or types.is_integer(items))


def _item(value: Any) -> str | None:
    return None if value is None else str(value)


def _class_names(cells: list[str | None], names: tuple[str, ...]) -> list[str | None]:
    # A number without a name, such as the -1 of hidden test labels, is a missing label.
    by_number: dict[str | None, str] = {str(number): name for number, name in enumerate(names)}
    return [by_number.get(cell) for cell in cells]


def _lists_of_class_names(cells: list[str | None], names: tuple[str, ...]) -> list[str | None]:
    lists = [None if cell is None else _class_names(json.loads(cell), names) for cell in cells]
    return [None if each is None else json.dumps([n for n in each if n], ensure_ascii=False) for each in lists]


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", maxsplit=1)[0]
