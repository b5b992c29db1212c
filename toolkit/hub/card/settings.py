"""Settings of a run for its card: those that differ from the defaults, and the configuration of a model of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from toolkit.names import Family, Method
from toolkit.recipe import Recipe, TokenizerSection, recipe_model, recipe_values

_OF_ONE_FAMILY: Mapping[str, str] = {Family.ENCODER: "decoder_layers", Family.DECODER: "encoder_layers"}
_OF_TRAINING = frozenset({"initializer_range", "use_cache"})

_SHOWN_ELSEWHERE = frozenset({"task", "method", "note", "hub", "seed"})
_GIVEN = frozenset({"model.name", "data.source", "data.train", "data.validation", "data.test", "evaluation.metrics"})
"""Keys that every recipe names, or has filled in for its task; the card shows them elsewhere."""


def not_default(recipe: Recipe) -> list[tuple[str, str, str]]:
    """Return each setting that differs from its default: its key in the recipe, its value, and the default.

    The configuration of a model of our own is left to `settings`.

    Args:
        recipe: of the run.
    """
    rows = []
    for section, values in recipe_values(recipe).items():
        if section in _SHOWN_ELSEWHERE or not isinstance(values, dict):
            continue
        for key, value in values.items():
            default = _default(recipe, section, key)
            name = f"{section}.{key}"
            if name not in _GIVEN and not isinstance(default, _Unknown) and value != default:
                rows.append((name, _written(value), _written(default)))
    return rows


def settings(recipe: Recipe, model_config: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return configuration and tokenizer of a model that began at random; nothing for a pretrained model.

    Args:
        recipe: of the run.
        model_config: the model's ``config.json``, which knows the tokens that the texts really gave.
    """
    config = recipe.model.config
    if not config:
        return []
    unused = {_OF_ONE_FAMILY.get(str(config.get("architecture"))), *_OF_TRAINING}
    if config.get("position") != "rotary":
        unused.add("rope_theta")
    rows = [(name, _written(value)) for name, value in config.items() if value is not None and name not in unused]
    rows.append(("tokenizer", _tokenizer(recipe.tokenizer, model_config or {})))
    return rows


class _Unknown:
    """The default of a setting that has none, or that is shown elsewhere."""


def _default(recipe: Recipe, section: str, key: str) -> Any:
    """Return the value of a setting that a recipe does not name."""
    if section in ("model", "tokenizer") and key != "problem_type":
        return _Unknown()
    holder = _section(recipe, section)
    field = holder.model_fields.get(key) if holder is not None else None
    if field is None or (field.default is PydanticUndefined and field.default_factory is None):
        return _Unknown()
    default = field.get_default(call_default_factory=True)
    return {} if default is None and key == "generation" else default


def _section(recipe: Recipe, section: str) -> type[BaseModel] | None:
    """Return the class that checks a section of the recipe."""
    is_peft = recipe.way is Method.PEFT
    field = (recipe_model(recipe.method) if is_peft else recipe_model()).model_fields.get(section)
    if field is None or (section == "peft" and not is_peft):
        return None
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _tokenizer(section: TokenizerSection | None, model_config: Mapping[str, Any]) -> str:
    section = section or TokenizerSection()
    size = model_config.get("vocab_size", section.vocab_size)
    parts = [section.train, f"{size:,} tokens"]
    return ", ".join([*parts, "texts in small letters"] if section.lowercase else parts)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_written(inner)}" for name, inner in value.items()) or "–"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_written, value)) or "–"
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value)
