"""Which family a model belongs to, read from its configuration."""

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
    """What opens and reads the models of a family."""
    return _ADAPTERS[family]


def family_of(config: PreTrainedConfig, *, model: str = "") -> Family:
    """The family of a model.

    BERT and its kin are listed by the library under causal language modelling too, so a model is a decoder
    only if the library has no masked-language head for it, or if its configuration says ``is_decoder``.

    Args:
        config: the model's.
        model: its name, for the message.

    Raises:
        RecipeError: for a model that does not read texts, saying of what type it is.
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
    """The configuration of what reads the text: of two models made one, and of a pooled body, that of the body."""
    if isinstance(config, PooledConfig):
        return config.body
    return config.encoder if config.model_type == "encoder-decoder" else config


def check_supported(task: Task, family: Family, method: Method | None, *, model: str) -> None:
    """Refuse a combination that does not exist.

    Args:
        task: what the model shall do.
        family: how it is built.
        method: how it shall be used; None: any way, as for prediction.
        model: its name, for the message.

    Raises:
        RecipeError: naming the families that would do.
    """
    fitting = {known for known, methods in SPECS[task].methods.items() if method is None or method in methods}
    if family not in fitting:
        way = task if method is None else f"{task} with method {method}"
        raise RecipeError(
            f"this model is a {family} model, and {way} works with: {', '.join(sorted(fitting))}",
            where=f"model {model}",
        )
