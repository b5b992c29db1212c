"""The section ``model.config``: the fields of our own Transformer's configuration, and its presets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import Field, create_model

from toolkit.names import Family
from toolkit.recipe.installed import own_config
from toolkit.recipe.introspect import library_fields, ranged
from toolkit.recipe.schema import PAIR, Recipe, Section
from toolkit.recipe.values import OneOf, PositiveInt

_PROBABILITY = ranged(at_least=0, below=1)

KINDS: dict[str, Any] = {
    "architecture": Annotated[str, OneOf(tuple(family.value for family in Family))] | None,
    "hidden_size": PositiveInt,
    "encoder_layers": PositiveInt,
    "decoder_layers": PositiveInt,
    "num_attention_heads": PositiveInt,
    "num_key_value_heads": PositiveInt | None,
    "intermediate_size": PositiveInt,
    "max_position_embeddings": PositiveInt,
    "sliding_window": PositiveInt | None,
    "classifier_hidden_size": PositiveInt | None,
    "rope_theta": ranged(above=0),
    "norm_eps": ranged(above=0),
    "initializer_range": ranged(above=0),
    "dropout": _PROBABILITY,
    "attention_dropout": _PROBABILITY,
    "activation_dropout": _PROBABILITY,
    "classifier_dropout": _PROBABILITY | None,
}

DEFAULTS: dict[str, Any] = {"architecture": None}

_BY_TOKENIZER = "the tokenizer settles it"

SETTLED: dict[str, str] = {
    "vocab_size": "write it in the section tokenizer",
    "pad_token_id": _BY_TOKENIZER,
    "bos_token_id": _BY_TOKENIZER,
    "eos_token_id": _BY_TOKENIZER,
    "decoder_start_token_id": _BY_TOKENIZER,
    "num_labels": "the labels of the data settle it",
    "num_hidden_layers": "write encoder_layers, decoder_layers or both",
    "model_type": "it is always our own Transformer; another one is named with model.name",
}
"""Keys of the configuration that a recipe does not have, and what determines them."""


@cache
def config_section() -> type[Section]:
    """Return the class that checks ``model.config``: a preset, then the configuration's own fields."""
    own = own_config()
    preset = Field(default=None, description="Values to begin with; those that stand beside it win.")
    keys: dict[str, Any] = {
        "preset": (Annotated[str, OneOf(tuple(own["presets"]))] | None, preset),
        **library_fields(own["settings"], refused=SETTLED.keys(), kinds=KINDS, defaults=DEFAULTS),
    }
    return create_model("Config", __base__=Section, __doc__="Our own Transformer.", **keys)


def config_hint(key: str) -> str | None:
    """Return what to write instead of a key that ``model.config`` does not have; None for an unknown key."""
    return SETTLED.get(key)


def usual_architecture(recipe: Recipe) -> Family:
    """Return the simplest architecture that does the task; pairs need an encoder-decoder."""
    families = recipe.spec.families
    if names_pairs(recipe) and Family.ENCODER_DECODER in families:
        return Family.ENCODER_DECODER
    return families[0] if families else Family.ENCODER


def names_pairs(recipe: Recipe) -> bool:
    """Return True if the data section names a source and a target, in its columns or as files by column."""
    data = recipe.data
    by_column = [source for source in (data.source, data.train) if isinstance(source, dict)]
    return not set(PAIR).isdisjoint({*data.columns, *(name for source in by_column for name in source)})


def completed_config(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return all values of a configuration, with those of the preset in its place.

    Args:
        written: the keys that the recipe has.
    """
    defaults = {name: field.default for name, field in config_section().model_fields.items()}
    values = {**defaults, **own_config()["presets"].get(written.get("preset") or "", {}), **written}
    return {name: value for name, value in values.items() if name != "preset"}


def least_parameters(values: Mapping[str, Any], *, vocab_size: int) -> int:
    """Return about the parameters of our own Transformer, rather too few: its matrices without biases, norms and gates.

    Args:
        values: complete.
        vocab_size: tokens of its tokenizer.
    """
    width, architecture = values["hidden_size"], values["architecture"]
    stacks = {"encoder_layers": Family.DECODER, "decoder_layers": Family.ENCODER}
    depth = sum(values[key] for key, without in stacks.items() if architecture != without)
    positions = 0 if values["position"] == "rotary" else values["max_position_embeddings"]
    layer = 2 * width * width + 2 * width * values["intermediate_size"]
    return int(depth * layer + (vocab_size + positions) * width)


def idle_preset(written: Mapping[str, Any]) -> bool:
    """Return True if a preset sets nothing, because all of its values are written beside it."""
    preset = written.get("preset")
    return preset is not None and own_config()["presets"][preset].keys() <= written.keys()
