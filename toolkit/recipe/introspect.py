"""Recipe fields from the settings of a library (`toolkit.recipe.library_settings`), as pydantic takes them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import Field
from pydantic.fields import FieldInfo

from toolkit.recipe.library_settings import PLAIN, Setting
from toolkit.recipe.values import WholeNumber


def library_fields(
    settings: Iterable[Setting],
    *,
    refused: Container[str],
    kinds: Mapping[str, Any],
    defaults: Mapping[str, Any],
) -> dict[str, tuple[Any, FieldInfo]]:
    """Return the fields of a section, in the form that `pydantic.create_model` takes.

    Args:
        settings: of a configuration class of transformers or peft.
        refused: names to leave out.
        kinds: types that are narrower than the library's, by name.
        defaults: defaults other than the library's, by name.

    Returns:
        Type and field by name, without settings whose values cannot be written in YAML.
    """
    fields: dict[str, tuple[Any, FieldInfo]] = {}
    for setting in settings:
        name = setting["name"]
        if name in refused or (name not in kinds and setting["type"] is None):
            continue
        kind = kinds[name] if name in kinds else recipe_type(setting["type"])
        default = defaults[name] if name in defaults else setting["default"]
        fields[name] = (kind, Field(default=default, description=setting["help"]))
    return fields


def recipe_type(described: Any) -> Any:
    """Return the type of a recipe's value for the type of a setting."""
    if isinstance(described, str):
        return WholeNumber if described == "int" else PLAIN[described]
    ((kind, inner),) = described.items()
    if kind == "literal":
        return Literal[tuple(inner)]
    if kind == "union":
        return Union[tuple(map(recipe_type, inner))]  # noqa: UP007 - the members are known at run time only
    if kind == "list":
        return list[recipe_type(inner)]  # type: ignore[misc]
    return dict[str, recipe_type(inner)]  # type: ignore[misc]


def ranged(*, at_least: float | None = None, above: float | None = None, below: float | None = None) -> Any:
    """Return the type of a float within bounds."""
    return Annotated[float, Field(ge=at_least, gt=above, lt=below)]
