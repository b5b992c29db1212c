"""Overrides from the command line: ``training.learning_rate=1e-5``, read by the same rules as the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.errors import RecipeError
from toolkit.recipe.document import Document, Place, TreePath, dotted
from toolkit.recipe.yaml_text import parse, refuse_tokens


def apply_overrides(document: Document, overrides: Sequence[str]) -> None:
    """Set values of a document in place, in the order given; faults are appended to those of the document.

    Args:
        document: a recipe as read.
        overrides: texts ``key.path=value``.
    """
    for override in overrides:
        try:
            _apply(document, override)
        except RecipeError as error:
            document.faults.extend(error.faults)


def _apply(document: Document, override: str) -> None:
    key, separator, text = override.partition("=")
    refuse_tokens(override, lambda _line, _column: f"override {key if separator else ''}".rstrip())
    where = f"override {override}"
    path = tuple(key.strip().split("."))
    if not separator or not all(path):
        raise RecipeError(
            "an override is key=value, such as training.num_train_epochs=1 or data.source=reviews.csv",
            where=where,
        )
    value = _parse_value(text, where)
    parent = _parent_section(document, path, where)
    parent[path[-1]] = value.tree
    _forget(document, path)
    document.places |= {(*path, *inner): place for inner, place in value.places.items()}
    document.faults += value.faults
    document.unreadable |= {(*path, *inner) for inner in value.unreadable}


def _parse_value(text: str, where: str) -> Document:
    try:
        return parse(text, lambda _line, _column: where)
    except RecipeError as error:
        fix = "; put a text with special characters in quotes: key='\"…\"'"
        # An override has no lines, so the position of an opening bracket is left out.
        messages = [fault.message.replace(f" at {where}", "") + fix for fault in error.faults]
        raise RecipeError(*messages, where=where) from error


def _parent_section(document: Document, path: TreePath, where: str) -> dict[str, Any]:
    """Return the section that holds the last key of the path; missing sections are created."""
    section: Any = document.tree
    for depth, name in enumerate(path[:-1], start=1):
        if section.get(name) is None:
            section[name] = {}
            document.places[path[:depth]] = Place(where, where)
        section = section[name]
        if not isinstance(section, dict):
            here = dotted(path[:depth])
            is_list = isinstance(section, list)
            found = f"a list; give all of it, such as {here}=[first,second]" if is_list else "a single value"
            raise RecipeError(f"{here} is {found}", where=where)
    parent: dict[str, Any] = section
    return parent


def _forget(document: Document, path: TreePath) -> None:
    """Remove the positions and faults of the value that is replaced."""
    document.places = {known: place for known, place in document.places.items() if known[: len(path)] != path}
    document.unreadable = {known for known in document.unreadable if known[: len(path)] != path}
