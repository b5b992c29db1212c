"""A shipped recipe on one's own rows: what belongs to the recipe's own data is left out, and told."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from toolkit.data.at_a_glance import header_of
from toolkit.data.held import held
from toolkit.data.sources import data_suffix, read_table
from toolkit.errors import ToolkitError
from toolkit.progress import say
from toolkit.recipe import DataSection, Recipe, load_recipe
from toolkit.recipe.find import is_shipped
from toolkit.recipe.overrides import apply_overrides
from toolkit.recipe.yaml_text import read_document
from toolkit.wording import enumerated

_SPLITS = ("train", "validation", "test")
_SIZES = ("test_size", "validation_size")
_OF_THE_DATA = ("subset", "labels", "encoding", "quoting", "format")


def load_for_rows(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Load a recipe; where the changes name other rows for a shipped one, what belongs to its own is left out.

    These are its own splits, numbers of rows, the part of a data set, and its names of columns that the rows do not
    have: there the task's own names are looked for. What the changes say themselves stays.

    Args:
        path: the recipe.
        overrides: as of `toolkit.recipe.load_recipe`.

    Raises:
        RecipeError: as `toolkit.recipe.load_recipe`.
    """
    return load_recipe(path, [*_fitting(path, overrides), *overrides])


def _fitting(path: Path, overrides: Sequence[str]) -> list[str]:
    """Return the changes that take out of a shipped recipe what belongs to its own rows, and tell them."""
    said = {override.partition("=")[0].strip() for override in overrides}
    if "data" in said or not said & {"data.source", "data.train"} or not is_shipped(path):
        return []
    document = read_document(path)
    own: dict[str, Any] = copy.deepcopy(document.tree["data"])
    apply_overrides(document, overrides)
    data = document.tree["data"]
    key = "source" if data.get("source") not in (None, own.get("source")) else "train"
    if document.faults or data.get(key) in (None, own.get(key)):
        return []
    gone = [name for name in _left_out(own, key) if f"data.{name}" not in said]
    columns = _fitting_columns(own.get("columns", {}), data[key], said, quoting=data.get("quoting"))
    told = [*gone, *(f"columns.{name}" for name, column in own.get("columns", {}).items() if columns[name] != column)]
    if told:
        say(f"data.{key} is yours; left out of what {path.stem} has for its own: {enumerated(told)}")
    changes = [f"data.{name}={json.dumps(DataSection.model_fields[name].default)}" for name in gone]
    if columns != own.get("columns", {}):
        changes.append(f"data.columns={json.dumps(columns, ensure_ascii=False)}")
    return changes


def _left_out(own: Mapping[str, Any], key: str) -> list[str]:
    """Return the keys that a recipe has for its own rows: those of a source are divided, splits are named."""
    if key == "train":
        return [name for name in ("source", *_sizes(own)) if name in own and "source" in own]
    return [*(name for name in _SPLITS if name in own), *_sizes(own), *(name for name in _OF_THE_DATA if name in own)]


def _sizes(own: Mapping[str, Any]) -> list[str]:
    return [name for name in _SIZES if isinstance(own.get(name), int)]


def _fitting_columns(own: Mapping[str, Any], source: Any, said: set[str], *, quoting: bool | None) -> dict[str, Any]:
    """Return a recipe's columns, by the task's own names where rows do not have them, or as they are if unknown."""
    if not own or "data.columns" in said:
        return dict(own)
    there = columns_there(source, quoting=quoting)
    if there is None:
        return dict(own)
    return {
        name: column if f"data.columns.{name}" in said or _are_there(column, there) else name
        for name, column in own.items()
    }


def _are_there(column: Any, there: set[str]) -> bool:
    return set(column if isinstance(column, list) else [column]) <= there


def columns_there(source: Any, *, quoting: bool | None = None) -> set[str] | None:
    """Return the names of the columns that rows have; None where they cannot be read, which their reader will tell.

    Args:
        source: as a recipe names it.
        quoting: as in `toolkit.data.sources.read_table`.
    """
    first = source[0] if isinstance(source, list) and source else source
    if isinstance(first, dict):
        return set(first)
    if not isinstance(first, str):
        return None
    in_memory = held(first)
    if in_memory is not None:
        return set(in_memory.columns)
    with suppress(ToolkitError, OSError, ValueError):
        if (header := header_of(first, quoting=quoting)) is not None:
            return set(header.columns)
        if data_suffix(first) in (".jsonl", ".ndjson"):
            with Path(first).expanduser().open(encoding="utf-8-sig") as stream:
                return set(json.loads(next(line for line in stream if line.strip())))
        if data_suffix(first) == ".parquet":
            import pyarrow.parquet as pq

            return set(pq.read_schema(Path(first).expanduser()).names)
        if data_suffix(first) is not None:
            return set(read_table(first, quoting=quoting).columns)
    return None
