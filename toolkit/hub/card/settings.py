"""The settings of a run for its card: what differs from the defaults, and what a model of our own was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from toolkit.names import PEFT_METHODS, Family
from toolkit.recipe import recipe_model

_OF_ONE_FAMILY = {Family.ENCODER: "decoder_layers", Family.DECODER: "encoder_layers"}
_OF_TRAINING = frozenset({"initializer_range", "use_cache"})

_SHOWN_ELSEWHERE = frozenset({"task", "method", "note", "hub", "seed"})
_GIVEN = frozenset({"model.name", "data.source", "data.train", "data.validation", "data.test", "evaluation.metrics"})
"""What every recipe names, or has filled in for its task: the card says it in other places."""


def not_default(recipe: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each setting that is not what it would be by itself: its key in the recipe, its value, and the default.

    What a model of our own is made of is left to `settings`.

    Args:
        recipe: the resolved recipe.
    """
    rows = []
    for section, values in recipe.items():
        if section in _SHOWN_ELSEWHERE or not isinstance(values, dict):
            continue
        for key, value in values.items():
            default = _default(recipe, section, key)
            name = f"{section}.{key}"
            if name not in _GIVEN and not isinstance(default, _Unknown) and value != default:
                rows.append((name, _written(value), _written(default)))
    return rows


def settings(recipe: Mapping[str, Any], model_config: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What a model that began at random is made of, and its tokenizer; nothing for a pretrained model.

    Args:
        recipe: the resolved recipe.
        model_config: the model's ``config.json``, which knows the tokens that the texts really gave.
    """
    config = (recipe.get("model") or {}).get("config")
    if not config:
        return []
    unused = {_OF_ONE_FAMILY.get(config.get("architecture")), *_OF_TRAINING}
    if config.get("position") != "rotary":
        unused.add("rope_theta")
    rows = [(name, _written(value)) for name, value in config.items() if value is not None and name not in unused]
    rows.append(("tokenizer", _tokenizer(recipe.get("tokenizer") or {}, model_config or {})))
    return rows


class _Unknown:
    """Stands for the default of a setting that has none, or that is shown elsewhere."""


def _default(recipe: Mapping[str, Any], section: str, key: str) -> Any:
    """The value that a setting has where a recipe does not name it."""
    if section in ("model", "tokenizer") and key != "problem_type":
        return _Unknown()
    holder = _section(recipe, section)
    field = holder.model_fields.get(key) if holder is not None else None
    if field is None or (field.default is PydanticUndefined and field.default_factory is None):
        return _Unknown()
    default = field.get_default(call_default_factory=True)
    return {} if default is None and key == "generation" else default


def _section(recipe: Mapping[str, Any], section: str) -> type[BaseModel] | None:
    """The class that checks a section of the recipe."""
    field = recipe_model().model_fields.get(section)
    if field is None or (section == "peft" and recipe.get("method") not in {str(m) for m in PEFT_METHODS}):
        return None
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _tokenizer(section: Mapping[str, Any], model_config: Mapping[str, Any]) -> str:
    size = model_config.get("vocab_size", section.get("vocab_size"))
    parts = [section.get("train", "bpe"), *([] if size is None else [f"{size:,} tokens"])]
    return ", ".join([*parts, "texts in small letters"] if section.get("lowercase") else parts)


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
