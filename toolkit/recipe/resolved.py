"""A complete recipe as YAML with every default, and as a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import chain, combinations
from typing import Any

import yaml

from toolkit.names import Method, Problem
from toolkit.recipe.check_methods import UNTRAINED, is_of_trackers
from toolkit.recipe.scalars import plain_value
from toolkit.recipe.schema import HubSection, Recipe

_LEFT_OUT = (
    ("", "peft"),
    ("", "tokenizer"),
    ("model", "name"),
    ("model", "config"),
    ("model", "quantization"),
    ("evaluation", "abstain"),
    ("evaluation", "threshold"),
    ("evaluation", "generation"),
    ("data", "format"),
    ("data", "labels"),
    ("data", "train_share"),
    ("data", "merge_labels"),
    ("data", "prompt"),
    ("data", "chat_template"),
    ("data", "source_language"),
    ("data", "target_language"),
)
"""Section and key of values that are left out if they are empty: only some methods and tasks have them."""

_OF_METHODS = {
    "features": {Method.FEATURES},
    "zero_shot": {Method.ZERO_SHOT},
}
"""The sections that only some methods have."""

_LINE_ENDS = frozenset("\x85\u2028\u2029")


def recipe_yaml(recipe: Recipe) -> str:
    """Write the recipe with every default, in the order of the schema; it loads back to an equal recipe."""
    return values_yaml(recipe_values(recipe))


def values_yaml(values: Mapping[str, Any], *, compact: bool = False) -> str:
    """Write plain values, so that a recipe that is read again has the same.

    Args:
        values: by key.
        compact: whether inner lists and mappings stand on one line, in brackets.
    """
    # What holds no collection would be put in brackets as a whole.
    flow = None if compact and any(isinstance(value, (dict, list)) for value in values.values()) else False
    text: str = yaml.dump(
        dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=flow
    )
    return text


def set_yaml(recipe: Recipe) -> str:
    """Write what is set in the recipe, without defaults and empty values; it loads back to an equal recipe."""
    values = _without_nulls(recipe.model_dump(mode="json", serialize_as_any=True, exclude_unset=True))
    text: str = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def recipe_digest(recipe: Recipe) -> str:
    """Return the sha256 of the recipe's values, in hex, without the section ``hub`` and the layout of the file."""
    values = {key: value for key, value in recipe_values(recipe).items() if key != "hub"}
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", errors="surrogatepass")).hexdigest()


def same_digests(recipe: Recipe) -> frozenset[str]:
    """Return the digests of all recipes that do the same: whether the usual columns are named or not."""
    usual = ("text",) if recipe.problem is Problem.MULTI_LABEL else ("text", "label")
    others = {name: column for name, column in recipe.data.columns.items() if name not in usual or column != name}
    free = [name for name in usual if name in recipe.spec.column_names and name not in others]
    digests = set()
    for named in chain.from_iterable(combinations(free, n) for n in range(len(free) + 1)):
        columns = {**others, **{name: name for name in named}}
        data = recipe.data.model_copy(update={"columns": columns})
        digests.add(recipe_digest(recipe.model_copy(update={"data": data})))
    return frozenset(digests)


def _without_nulls(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {key: _without_nulls(value) for key, value in values.items() if value is not None}


def recipe_values(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe with every default as plain values, in the order of the schema."""
    # The class of training is made at run time, so pydantic has to serialize by the class of the value.
    values: dict[str, Any] = recipe.model_dump(mode="json", serialize_as_any=True)
    for key, methods in _OF_METHODS.items():
        if recipe.way not in methods:
            del values[key]
    if recipe.way in UNTRAINED:
        training = values.pop("training")
        told = {
            key: training[key] for key in training if is_of_trackers(key) and key in recipe.training.model_fields_set
        }
        values |= {"training": told} if told.get("report_to", "none") != "none" else {}
    if recipe.hub == HubSection():
        del values["hub"]
    for section, key in _LEFT_OUT:
        holder = values[section] if section else values
        if not holder[key]:
            del holder[key]
    return values


class _Dumper(yaml.SafeDumper):
    """A dumper that quotes every text that our loader would read as another type."""


def _write_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    try:
        is_text = plain_value(text) == text
    except ValueError:
        is_text = False
    # PyYAML escapes these only between double quotes; without quotes YAML reads them as the end of a line.
    style = '"' if _LINE_ENDS.intersection(text) else None if is_text else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _write_float(dumper: _Dumper, number: float) -> yaml.ScalarNode:
    mantissa, exponent, power = repr(number).partition("e")
    # PyYAML knows a float by its point, and would otherwise write a tag.
    text = mantissa + (".0" if exponent and "." not in mantissa else "") + exponent + power
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(float, _write_float)
