"""What a model that started at random was made of, from its recipe: rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.names import Family

_OF_ONE_FAMILY = {Family.ENCODER: "decoder_layers", Family.DECODER: "encoder_layers"}
_OF_TRAINING = frozenset({"initializer_range", "use_cache"})


def settings(recipe: Mapping[str, Any], model_config: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Each setting of configuration, tokenizer and generation with its value; nothing for a pretrained model.

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
    generation = (recipe.get("evaluation") or {}).get("generation") or {}
    rows.append(("tokenizer", _tokenizer(recipe.get("tokenizer") or {}, model_config or {})))
    return rows + [(f"generation: {name}", _written(value)) for name, value in generation.items() if value is not None]


def _tokenizer(section: Mapping[str, Any], model_config: Mapping[str, Any]) -> str:
    size = model_config.get("vocab_size", section.get("vocab_size"))
    parts = [section.get("train", "bpe"), *([] if size is None else [f"{size:,} tokens"])]
    return ", ".join([*parts, "texts in small letters"] if section.get("lowercase") else parts)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
