"""Recipe fields from the fields of a library's configuration dataclass.

Names, defaults and help texts are the library's own, so that a new release brings its new keys by itself.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Literal, Union

from pydantic import Field
from pydantic.fields import FieldInfo

from toolkit.recipe.values import WholeNumber


class NotForRecipesError(TypeError):
    """A type whose values cannot be written in YAML, such as a library's own class."""


def library_fields(
    library_class: type,
    *,
    refused: typing.Container[str],
    kinds: Mapping[str, Any],
    defaults: Mapping[str, Any],
    helps: Mapping[str, str] | None = None,
) -> dict[str, tuple[Any, FieldInfo]]:
    """Return the fields of a dataclass, in the form that `pydantic.create_model` takes.

    Args:
        library_class: the configuration class of transformers or peft.
        refused: names to leave out.
        kinds: types that are narrower than the library's, by name.
        defaults: defaults other than the library's, by name.
        helps: help texts, by name, for a class whose fields have none of their own.

    Returns:
        Type and field by name, without fields whose values cannot be written in YAML.
    """
    taken = [field for field in dataclasses.fields(library_class) if field.name not in refused]
    hints = _hints(library_class, taken)
    fields: dict[str, tuple[Any, FieldInfo]] = {}
    for field in taken:
        try:
            kind = kinds[field.name] if field.name in kinds else recipe_type(hints[field.name])
        except NotForRecipesError:
            continue
        help_text = " ".join(str(field.metadata.get("help", "")).split()) or (helps or {}).get(field.name)
        default = defaults[field.name] if field.name in defaults else _default(field)
        fields[field.name] = (kind, Field(default=default, description=help_text))
    return fields


def recipe_type(hint: Any) -> Any:
    """Return the type of a recipe's value for a type hint of a library.

    Raises:
        NotForRecipesError: if values of the type cannot be written in YAML.
    """
    if hint is int:
        return WholeNumber
    if hint in (bool, float, str, type(None), Any):
        return hint
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Literal[tuple(member.value for member in hint)]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return hint
    if origin in (Union, types.UnionType):
        return _union_type(arguments)
    if origin in (list, tuple):
        return list[recipe_type(arguments[0])]  # type: ignore[misc]
    if hint is dict:
        return dict[str, Any]
    if origin is dict:
        return dict[str, recipe_type(arguments[1])]  # type: ignore[misc]
    raise NotForRecipesError(f"values of type {hint} cannot be written in a recipe")


def _hints(library_class: type, taken: list[dataclasses.Field[Any]]) -> dict[str, Any]:
    """Return the type of each field; types that are texts are resolved, those of parent classes too."""
    if any(isinstance(field.type, str) for field in taken):
        return typing.get_type_hints(library_class)
    # Types of parent classes may not resolve: transformers imports torch.dtype for type checkers only.
    return {field.name: field.type for field in taken}


def _union_type(members: tuple[Any, ...]) -> Any:
    """Return the union of the members that can be written in YAML.

    A text beside a dict or an enumeration is left out: it is the same value as it is written on a command line, and a
    recipe has the value itself.
    """
    has_structure = any(
        (typing.get_origin(member) or member) is dict or (isinstance(member, type) and issubclass(member, Enum))
        for member in members
    )
    kinds = []
    # Sorted, because typing caches: of two equal unions it returns the one that was made first in the process.
    for member in sorted(members, key=lambda member: (member is type(None), repr(member))):
        if has_structure and member is str:
            continue
        try:
            kinds.append(recipe_type(member))
        except NotForRecipesError:
            continue
    if all(kind is type(None) for kind in kinds):
        raise NotForRecipesError(f"none of {members} can be written in a recipe")
    return Union[tuple(kinds)]  # noqa: UP007 - the members are known at run time only


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    # str, int and bool subclasses of an enumeration become their plain value.
    return field.default.value if isinstance(field.default, Enum) else field.default


def ranged(*, at_least: float | None = None, above: float | None = None, below: float | None = None) -> Any:
    """Return the type of a float within bounds."""
    return Annotated[float, Field(ge=at_least, gt=above, lt=below)]
