"""The family of a model, read from its configuration."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedConfig
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)

from toolkit.adapters.adapter import Adapter
from toolkit.adapters.decoder import DecoderAdapter
from toolkit.adapters.encoder import EncoderAdapter
from toolkit.adapters.encoder_decoder import EncoderDecoderAdapter
from toolkit.errors import RecipeError
from toolkit.exported import PooledConfig
from toolkit.names import SPECS, Family, Method, Task
from toolkit.transformer import TransformerConfig

_ADAPTERS: dict[Family, Adapter] = {
    adapter.family: adapter for adapter in (EncoderAdapter(), DecoderAdapter(), EncoderDecoderAdapter())
}


def adapter_of(family: Family) -> Adapter:
    """Return the adapter of a family."""
    return _ADAPTERS[family]


def family_of(config: PreTrainedConfig, *, model: str = "") -> Family:
    """Return the family of a model.

    The library lists BERT and similar models under causal language modelling too. So a model is a decoder only if the
    library has no masked-language head for it, or if its configuration sets ``is_decoder``.

    Args:
        config: of the model.
        model: its name, for the message.

    Raises:
        RecipeError: for a model that does not read texts, with its type.
    """
    if isinstance(config, TransformerConfig):
        return Family(config.architecture)
    if isinstance(config, PooledConfig):
        return Family(config.family)
    kind = config.model_type
    fills_masks = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if config.is_encoder_decoder:
        if kind in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES:
            return Family.ENCODER_DECODER
    elif kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and (not fills_masks or getattr(config, "is_decoder", False)):
        return Family.DECODER
    elif fills_masks or kind in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES:
        return Family.ENCODER
    raise RecipeError(
        f"this is a model of the type {kind!r}, which is none of transformers' encoders, decoders and "
        "encoder-decoders for text; take one of those",
        where=f"model {model}" if model else None,
    )


def reading_config(config: Any) -> Any:
    """Return the configuration of the part that reads the text: the encoder, or the body of a pooled model."""
    if isinstance(config, PooledConfig):
        return config.body
    return config.encoder if config.model_type == "encoder-decoder" else config


def check_supported(task: Task, family: Family, method: Method | None, *, model: str) -> None:
    """Refuse a combination that does not exist.

    Args:
        task: of the model.
        family: of the model.
        method: how it will be used; None: any method, as for prediction.
        model: its name, for the message.

    Raises:
        RecipeError: with the families that fit.
    """
    fitting = {known for known, methods in SPECS[task].methods.items() if method is None or method in methods}
    if family not in fitting:
        way = task if method is None else f"{task} with method {method}"
        raise RecipeError(
            f"this model is a {family} model, and {way} works with: {', '.join(sorted(fitting))}",
            where=f"model {model}",
        )
