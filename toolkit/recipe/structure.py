"""The check of a recipe's structure, key by key, with the faults that pydantic finds in plain English."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from toolkit.errors import explain, nearest
from toolkit.recipe.config_keys import config_hint
from toolkit.recipe.document import Finding, TreePath
from toolkit.recipe.generation_keys import generation_hint
from toolkit.recipe.model import peft_method_of, recipe_model, schema_of
from toolkit.recipe.other_names import keys_of, where_it_belongs
from toolkit.recipe.peft_keys import peft_hint
from toolkit.recipe.scalars import plain_value
from toolkit.recipe.schema_words import alternatives, describe, follow
from toolkit.recipe.training_keys import training_hint

_HINTS: dict[TreePath, Callable[[str], str | None]] = {
    ("training",): training_hint,
    ("model", "config"): config_hint,
    ("evaluation", "generation"): generation_hint,
}
_LONGEST_SHOWN = 60


def structural_faults(tree: Any) -> list[Finding]:
    """Find all faults of single keys and values of a recipe; rules between keys are not checked.

    Args:
        tree: the recipe as dicts, lists, texts, numbers, booleans and None.
    """
    method = peft_method_of(tree)
    try:
        recipe_model(method).model_validate(tree)
    except ValidationError as error:
        # A union fails once for each branch; a value is reported once.
        details = {_tree_path(detail, tree): detail for detail in reversed(error.errors(include_url=False))}
        return [_finding(path, detail, tree, method=method) for path, detail in reversed(details.items())]
    return []


def _tree_path(detail: ErrorDetails, tree: Any) -> TreePath:
    """Return the path of an error in the tree: pydantic's location up to the branch of a union or the like."""
    path: TreePath = ()
    node = tree
    for part in detail["loc"]:
        is_key = isinstance(node, dict) and part in node
        is_index = isinstance(node, list) and isinstance(part, int) and part < len(node)
        if not is_key and not is_index:
            return (*path, part) if detail["type"] == "missing" else path
        path, node = (*path, part), node[part]
    return path


def _finding(path: TreePath, detail: ErrorDetails, tree: Any, *, method: str) -> Finding:
    schema = schema_of(method)
    if detail["type"] == "missing":
        return Finding(path[:-1], f"the key {path[-1]!r} is missing; {_expected(schema, path)}", on_key=True)
    if detail["type"] == "extra_forbidden":
        return Finding(path, _unknown_key(path, method=method), on_key=True)
    return Finding(path, _wrong_value(schema, _value_at(tree, path), path))


def _unknown_key(path: TreePath, *, method: str) -> str:
    key, schema = str(path[-1]), schema_of(method)
    found = f"unknown key {key!r}"
    hints: dict[TreePath, Callable[[str], str | None]] = {**_HINTS, ("peft",): partial(peft_hint, method=method)}
    hint = hints[path[:-1]](key) if path[:-1] in hints else None
    if hint is None and len(path) <= 2:
        hint = where_it_belongs(path, schema)
    if hint is not None:
        return explain(found, fix=hint)
    return explain(found, allowed=keys_of(schema, path[:-1]), name=key)


def _wrong_value(schema: dict[str, Any], value: Any, path: TreePath) -> str:
    node = follow(schema, path)
    options = alternatives(schema, node)
    names = [name for option in options for name in option.get("enum", []) if isinstance(name, str)]
    found = f"found {_shown(value)}"
    if isinstance(value, str) and names and all("enum" in option for option in options):
        # Whoever writes "adamw" means one of the names that begin with it.
        meant = next((name for name in names if value and name.startswith(value)), value)
        return explain(found, allowed=names, name=meant)
    message = f"{found}; {_expected(schema, path)}"
    if value in ("", [], {}):
        return f"{message} that is not empty"
    if isinstance(value, str):
        match = nearest(value, names)
        message += f"; did you mean {match!r}?" if match else _unquoted(value, options)
    return message


def _unquoted(value: str, options: list[dict[str, Any]]) -> str:
    """Return how to write a quoted text whose content is a value of the expected type."""
    kinds = {option.get("type") for option in options}
    if "boolean" in kinds and value.lower() in {"yes", "no", "on", "off", "y", "n"}:
        return f"; write {'true' if value.lower() in {'yes', 'on', 'y'} else 'false'}"
    try:
        meant = plain_value(value)
    except ValueError:
        return ""
    is_number = isinstance(meant, int | float) and not isinstance(meant, bool) and kinds & {"integer", "number"}
    is_boolean = isinstance(meant, bool) and "boolean" in kinds
    return "; write it without quotes" if is_number or is_boolean else ""


def _expected(schema: dict[str, Any], path: TreePath) -> str:
    return f"expected {describe(schema, follow(schema, path))}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing (null)"
    if isinstance(value, str):
        short = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…"
        return f"the text {short!r}"
    text = json.dumps(value, ensure_ascii=False)
    kind = "the section " if isinstance(value, dict) else "the list " if isinstance(value, list) else ""
    return kind + (text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")


def _value_at(tree: Any, path: TreePath) -> Any:
    for part in path:
        tree = tree[part]
    return tree
