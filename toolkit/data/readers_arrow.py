"""Readers of parquet and Arrow files and of Arrow tables in memory; the text stays in Arrow."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.data.grid import clean_name, refuse_many_columns
from toolkit.data.refuse_damage import refuse_damage
from toolkit.data.tables import Part, Table
from toolkit.data.text_column import TextColumn, map_cells
from toolkit.errors import DataError, explain

if TYPE_CHECKING:
    import pyarrow

_IDLE_TIME = r"(?: 00:00:00)?(?:\.0+)?$"
"""What spreadsheets and pandas leave out behind a date: a time of midnight, and a fraction of zero."""

_MOST_KEYS = 64
"""Objects with more keys are no rows inside rows, and stay one column."""


def read_parquet(path: Path) -> Table:
    """Read a parquet file.

    Raises:
        DataError: not a parquet file, damaged, or without rows.
    """
    import pyarrow
    import pyarrow.parquet

    refuse_damage(path, "parquet")
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

    refuse_damage(path, "arrow")
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
    """Return an Arrow table as text; cells stay in Arrow.

    Numbers become what Python writes, booleans ``true`` and ``false``, lists JSON, and class numbers their names.

    Args:
        table: the table.
        name: its name in messages.
        categories: the class names of columns of class numbers, or of lists of them; None takes those that
            ``datasets`` has written into the schema.

    Raises:
        DataError: no rows, a duplicate column, or text that is not valid UTF-8.
    """
    if not table.num_rows:
        raise DataError("no rows", where=name)
    refuse_many_columns(table.num_columns, name)
    names = table.column_names
    if len(set(names)) < len(names):
        listed = ", ".join(sorted({repr(column) for column in names if names.count(column) > 1}))
        raise DataError(f"duplicate column {listed}", where=name)
    categories = dict(categories if categories is not None else _categories(table.schema, name))
    spelt = _without_space(names)
    not_text: dict[str, str] = {}
    columns: dict[str, Sequence[str | None]] = {}
    fields = _named_fields(table.schema)
    for column in names:
        cells = _cells(table.column(column), name, column, not_text, fields.get(column, {}))
        if column in categories:
            named = _lists_of_class_names if not_text.get(column) == "lists" else _class_names
            cells = map_cells(cells.chunks, named(categories[column]))
        columns[spelt[column]] = cells
        for key, values in _inside(table.column(column)):
            columns.setdefault(f"{spelt[column]}.{key}", _cells(values, name, f"{column}.{key}", {}, {}))
    lines = range(1, table.num_rows + 1)
    return Table(
        columns,
        (Part(name, lines),),
        categories={spelt.get(column, column): values for column, values in categories.items()},
        not_text={spelt[column]: what for column, what in not_text.items()},
    )


def _inside(column: Any) -> Iterator[tuple[str, Any]]:
    """Yield the key and the column of each text, number and truth value in a column of objects; nothing is copied."""
    import pyarrow.compute as pc
    from pyarrow import types

    fields = list(column.type) if types.is_struct(column.type) else []
    for index, field in enumerate(fields if len(fields) < _MOST_KEYS else ()):
        if not types.is_nested(field.type) and not types.is_binary(field.type) and not types.is_dictionary(field.type):
            yield field.name, pc.struct_field(column, [index])


def _without_space(names: Sequence[str]) -> dict[str, str]:
    """Return each name without the white space around it; as it is if two would become the same."""
    cleaned = {name: clean_name(name) for name in names}
    return cleaned if len(set(cleaned.values())) == len(names) else {name: name for name in names}


def _cells(
    column: Any, name: str, label: str, not_text: dict[str, str], classes: Mapping[str, tuple[str, ...]]
) -> TextColumn[str | None]:
    import pyarrow
    import pyarrow.compute as pc
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = _decoded(column)
    if types.is_floating(column.type):
        return map_cells(column, _number)
    if _is_flat_list(column.type):
        not_text[label] = "lists"
        return map_cells(column, _list)
    if _is_list_of_records(column.type):
        not_text[label] = "lists of objects"
        return map_cells(column, lambda value: _json(_named(value, classes)))
    if types.is_struct(column.type) and all(_is_flat_list(field.type) for field in column.type):
        not_text[label] = "objects of lists"  # datasets keeps lists of records so
        return map_cells(column, lambda value: _json(_named(value, classes)))
    if types.is_nested(column.type) or types.is_binary(column.type) or types.is_large_binary(column.type):
        not_text[label] = "bytes" if not types.is_nested(column.type) else "lists or objects"
        return TextColumn(pyarrow.chunked_array([pyarrow.nulls(len(column), pyarrow.large_string())]))
    try:
        texts = column.cast(pyarrow.large_string())
        texts.validate(full=True)  # a file may hold other bytes than UTF-8
        if types.is_timestamp(column.type):
            texts = pc.replace_substring_regex(texts, _IDLE_TIME, "")
    except pyarrow.ArrowException as error:
        raise DataError(f"column {label!r} is not valid text: {_first_line(error)}", where=name) from error
    return TextColumn(texts)


def _decoded(column: Any) -> Any:
    """Return the values of a column of categories; text that polars keeps as views cannot be taken as it is."""
    import pyarrow
    from pyarrow import types

    kind = column.type.value_type
    if not types.is_string_view(kind):
        return column.cast(kind)
    kind = pyarrow.large_string()
    return pyarrow.chunked_array([chunk.dictionary.cast(kind).take(chunk.indices) for chunk in column.chunks], kind)


def _number(value: float | None) -> str | None:
    return None if value is None or math.isnan(value) else str(value)


def _list(value: list[Any] | None) -> str | None:
    if value is None:
        return None
    return json.dumps([None if item is None else str(item) for item in value], ensure_ascii=False)


def _json(value: list[Any] | dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _categories(schema: pyarrow.Schema, name: str) -> dict[str, tuple[str, ...]]:
    """Return the class names that ``datasets`` has written into a schema.

    Raises:
        DataError: what is written there is damaged; numbers would stand for classes without a word.
    """
    metadata = (schema.metadata or {}).get(b"huggingface")
    if metadata is None:
        return {}
    try:
        features = {
            column: _item_feature(feature) for column, feature in json.loads(metadata)["info"]["features"].items()
        }
        classes = {
            column: feature["names"]
            for column, feature in features.items()
            if feature.get("_type") == "ClassLabel" or "names" in feature
        }
        if not all(isinstance(label, str) for names in classes.values() for label in names):
            raise TypeError("a name of a class is no text")
        if any(features[column].get("_type") != "ClassLabel" for column in classes):
            raise TypeError("names of classes without their type")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        found = f"the class names that `datasets` wrote into the file are damaged: {error!s:.100}"
        raise DataError(explain(found, fix="write it again from its source"), where=name) from error
    return {column: tuple(names) for column, names in classes.items()}


def _named_fields(schema: pyarrow.Schema) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the class names of the fields of records, such as the label of a span, by column and field."""
    metadata = (schema.metadata or {}).get(b"huggingface")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    features = json.loads(metadata)["info"]["features"] if metadata else {}
    for column, feature in features.items():
        fields = feature[0] if isinstance(feature, list) and feature else _item_feature(feature)
        inner = {} if not isinstance(fields, dict) else {field: _item_feature(each) for field, each in fields.items()}
        classes = {
            field: tuple(each["names"])
            for field, each in inner.items()
            if each.get("_type") == "ClassLabel" and isinstance(each.get("names"), list)
        }
        if classes:
            found[column] = classes
    return found


def _named(value: Any, classes: Mapping[str, tuple[str, ...]]) -> Any:
    """Return records, or an object of lists, with names in place of the class numbers of some fields."""
    if isinstance(value, list):
        return [_named(record, classes) for record in value]
    if not isinstance(value, dict):
        return value
    return {field: _name_of(inner, classes[field]) if field in classes else inner for field, inner in value.items()}


def _name_of(number: Any, names: tuple[str, ...]) -> Any:
    if isinstance(number, list):
        return [_name_of(each, names) for each in number]
    return names[number] if isinstance(number, int) and 0 <= number < len(names) else None


def _item_feature(feature: Any) -> dict[str, Any]:
    """Return the feature, or that of the items of a list."""
    inner = feature.get("feature") if isinstance(feature, dict) and "feature" in feature else feature
    return inner if isinstance(inner, dict) else {}


def _is_flat_list(kind: Any) -> bool:
    from pyarrow import types

    return _is_list(kind) and (
        _is_text_or_integer(kind.value_type) or types.is_floating(kind.value_type) or types.is_boolean(kind.value_type)
    )


def _is_list_of_records(kind: Any) -> bool:
    """Return whether items have named fields, such as the start, end and label of a span."""
    from pyarrow import types

    is_records = _is_list(kind) and types.is_struct(kind.value_type)
    return is_records and all(_is_text_or_integer(field.type) for field in kind.value_type)


def _is_list(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_text_or_integer(kind: Any) -> bool:
    from pyarrow import types

    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(is_text or types.is_integer(kind))


def _class_names(names: tuple[str, ...]) -> Callable[[str | None], str | None]:
    """Return the function from class numbers to names."""
    # A number without a name, such as the -1 of hidden test labels, is a missing label.
    by_number: dict[str | None, str] = {str(number): name for number, name in enumerate(names)}
    return by_number.get


def _lists_of_class_names(names: tuple[str, ...]) -> Callable[[str | None], str | None]:
    """Return the function from JSON lists of class numbers to JSON lists of names."""
    name_of = _class_names(names)

    def named(cell: str | None) -> str | None:
        # A number without a name keeps its place, because the tags of words are counted.
        known = None if cell is None else [name_of(number) for number in json.loads(cell)]
        return None if known is None else json.dumps(known, ensure_ascii=False)

    return named


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", maxsplit=1)[0]
