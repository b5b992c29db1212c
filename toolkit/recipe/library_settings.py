"""The settings of a library's configuration class as plain values, which can be kept in a file.

Names, types, defaults and help texts are the library's own, so that a new release brings its new keys by itself.
A type is a text (``int``), or a dict of one key: ``literal``, ``union``, ``list`` or ``dict``.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, TypedDict, Union

PLAIN = {"bool": bool, "float": float, "int": int, "str": str, "null": type(None), "any": Any}
"""The types that have a name of their own, by that name."""

_NAMES = {kind: name for name, kind in PLAIN.items()}


class Setting(TypedDict):
    """A field of a configuration class.

    Attributes:
        type: None where its values cannot be written in YAML, such as those of a library's own class.
        default: None where it has none.
        help: None where the library does not explain it.
    """

    name: str
    type: Any
    default: Any
    help: str | None


class _NotForRecipesError(TypeError):
    """A type whose values cannot be written in YAML."""


def settings_of(library_class: type, helps: Mapping[str, str] | None = None) -> list[Setting]:
    """Return the fields of a dataclass, in their order.

    Args:
        library_class: the configuration class of transformers or peft.
        helps: help texts, by name, for a class whose fields have none of their own.
    """
    fields = dataclasses.fields(library_class)
    hints = _hints(library_class, fields)
    return [
        Setting(
            name=field.name,
            type=_written(hints[field.name]),
            default=_default(field),
            help=" ".join(str(field.metadata.get("help", "")).split()) or (helps or {}).get(field.name),
        )
        for field in fields
    ]


def _hints(library_class: type, fields: tuple[dataclasses.Field[Any], ...]) -> dict[str, Any]:
    """Return the type of each field; types that are texts are resolved, those of parent classes too."""
    if any(isinstance(field.type, str) for field in fields):
        try:
            return typing.get_type_hints(library_class)
        except NameError:  # transformers imports torch.dtype for type checkers only
            pass
    return {field.name: field.type for field in fields}


def _written(hint: Any) -> Any:
    try:
        return _described(hint)
    except _NotForRecipesError:
        return None


def _described(hint: Any) -> Any:
    """Return a type hint as plain values.

    Raises:
        _NotForRecipesError: values of the type cannot be written in YAML.
    """
    if hint in _NAMES:
        return _NAMES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"literal": [member.value for member in hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return {"literal": list(arguments)}
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin in (list, tuple):
        return {"list": _described(arguments[0])}
    if hint is dict:
        return {"dict": "any"}
    if origin is dict:
        return {"dict": _described(arguments[1])}
    raise _NotForRecipesError(hint)


def _union(members: tuple[Any, ...]) -> Any:
    """Return the union of the members that can be written in YAML.

    A text beside a dict or an enumeration is left out: it is the same value as it is written on a command line, and a
    recipe has the value itself.
    """
    has_structure = any(
        (typing.get_origin(member) or member) is dict or (isinstance(member, type) and issubclass(member, Enum))
        for member in members
    )
    # Sorted, because typing caches: of two equal unions it returns the one that was made first in the process.
    ordered = sorted(members, key=lambda member: (member is type(None), repr(member)))
    kinds = [_written(member) for member in ordered if not (has_structure and member is str)]
    kinds = [kind for kind in kinds if kind is not None]
    if all(kind == "null" for kind in kinds):
        raise _NotForRecipesError(members)
    return {"union": kinds}


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    else:
        # str, int and bool subclasses of an enumeration become their plain value.
        default = field.default.value if isinstance(field.default, Enum) else field.default
    return default if _is_plain(default) else None


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)
