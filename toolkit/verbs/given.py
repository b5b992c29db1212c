"""What a Python program gives to a verb, under names that recipes and verbs read: files, texts, rows in memory.

A ``Path`` is a file. A text alone is what it is on the command line, unless it has several lines. An item of a list is
one row: a text, whatever it ends in, or a dict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from toolkit.data.held import hold
from toolkit.data.readers_memory import is_columnar, memory_table
from toolkit.data.sources import DATA_SUFFIXES, Source, data_suffix
from toolkit.data.tables import Table
from toolkit.errors import RecipeError, explain
from toolkit.names import Split
from toolkit.progress import warn
from toolkit.recipe import DataSection

Word = TypeVar("Word", bound=StrEnum)

Rows: TypeAlias = Any
"""A frame of pandas or polars, a ``datasets.Dataset`` or ``DatasetDict``, a list of dicts or of texts, a dict of
columns, any iterable of rows; a ``Path``, a list of these, or what a recipe can name as a source."""


class Given:
    """The arguments of one call; rows in memory have a name for as long as it lives."""

    def __init__(self) -> None:
        self._tables: list[Table] = []

    def source(self, value: Rows) -> Source:
        """Return what a recipe would have as the source of these rows.

        Raises:
            DataError: no rows, or something that holds none.
            RecipeError: files and rows are mixed.
        """
        if isinstance(value, str) and "\n" not in value:
            return value
        if isinstance(value, PathLike):
            return str(value)
        if isinstance(value, Mapping) and value and all(isinstance(name, (str, PathLike)) for name in value.values()):
            return {str(column): str(name) for column, name in value.items()}  # text files beside each other
        if isinstance(value, Mapping) and any(map(is_columnar, value.values())):
            found = f"several sets of rows, {', '.join(map(str, value))}, where one is read"
            raise RecipeError(
                explain(found, fix=f"give one of them, such as data[{next(iter(value))!r}]"), where="data"
            )
        items = _items(value)
        if _are_files(items):
            return [str(path) for path in items]
        return self._held(items, type(value).__name__)

    def sources(self, value: Rows) -> list[str]:
        """Return the sources of rows, for verbs that read them one beneath the other.

        Raises:
            DataError, RecipeError: as `source`; text files beside each other.
        """
        source = self.source(value)
        if isinstance(source, dict):
            raise RecipeError("files whose lines belong together are named in a recipe; give rows, or a file of rows")
        return [source] if isinstance(source, str) else list(source)

    def inputs(self, value: Rows) -> list[str]:
        """Return rows to ask a model about: a name with a data suffix is a file, any other text is a text.

        Raises:
            DataError, RecipeError: as `sources`.
        """
        if isinstance(value, str) and ("\n" in value or data_suffix(value) is None):
            return [self._held([value], "str")]
        names = self.sources(value)
        for path in (name for name in names if isinstance(value, (PathLike, list, tuple)) and _has_no_reader(name)):
            found = f"{Path(path).suffix!r} is no suffix of a data file"
            raise RecipeError(explain(found, allowed=DATA_SUFFIXES, name=Path(path).suffix), where=path)
        return names

    def section(self, value: Rows, columns: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return a recipe's ``data``: rows, splits by their names, or the keys of the section themselves.

        Args:
            value: rows; a ``DatasetDict`` or dict of rows by split; or a mapping of the section's keys.
            columns: the data's names of columns by the task's.

        Raises:
            DataError, RecipeError: as `source`; splits without rows to learn from.
        """
        named = {"columns": dict(columns)} if columns else {}
        if isinstance(value, Mapping) and value and not set(value) - set(DataSection.model_fields):
            return {**self._read_section(value), **named}
        if isinstance(value, Mapping) and Split.TRAIN in value:  # a data set with more splits than we know
            return {**self._read_section({split: value[split] for split in Split if split in value}), **named}
        return {"source": self.source(value), **named}

    def _read_section(self, section: Mapping[str, Any]) -> dict[str, Any]:
        """Return a section whose rows have names; those of the training split alone are divided."""
        rows = {"source", *Split}
        read = {
            str(key): self.source(value) if key in rows and value is not None else value
            for key, value in section.items()
        }
        return {"source": read[Split.TRAIN]} if set(read) == {Split.TRAIN} else read

    def _held(self, value: Any, kind: str) -> str:
        name, table = hold(memory_table(value), kind=kind)
        self._tables.append(table)
        return name


def _items(value: Any) -> Any:
    """Return an iterable of rows as a list, since it can be read once; anything else as it is."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (bytes, Mapping)) or is_columnar(value) or not isinstance(value, Iterable):
        return value
    items = list(value)
    strange = [item for item in items if isinstance(item, str) and data_suffix(item) and _is_there(item)]
    if strange and len(strange) == len(items):
        warn(f"{strange[0]!r} stands in a list, so it is a text; the file is Path({strange[0]!r})")
    return items


def _are_files(items: Any) -> bool:
    """Return whether a list names files.

    Raises:
        RecipeError: files and rows are mixed.
    """
    if not isinstance(items, list):
        return False
    files = [item for item in items if isinstance(item, PathLike)]
    if files and len(files) < len(items):
        other = next(item for item in items if not isinstance(item, PathLike))
        raise RecipeError(f"give files or texts, not both: {str(files[0])!r} is a file, {other!r:.80} is none")
    return bool(files)


def _is_there(name: str) -> bool:
    try:
        return Path(name).expanduser().is_file()
    except (OSError, ValueError):
        return False


def _has_no_reader(name: str) -> bool:
    return data_suffix(name) is None and not name.startswith("memory:")


def one_of(words: type[Word], name: str, *, where: str) -> Word:
    """Return the word of a name.

    Raises:
        RecipeError: another name, with its nearest match.
    """
    allowed = [word.value for word in words]
    if name not in allowed:
        raise RecipeError(explain(f"found {name!r}", allowed=allowed, name=str(name)), where=where)
    return words(name)
