"""Which family a model belongs to, read from its configuration."""

from __future__ import annotations

from transformers import PreTrainedConfig
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from toolkit.errors import RecipeError
from toolkit.names import SUPPORTED, Family, Method, Task


def family_of(config: PreTrainedConfig) -> Family:
    """The family of a model.

    BERT and its kin are listed by the library under causal language modelling too, so a model is a decoder
    only if the library has no masked-language head for it, or if its configuration says ``is_decoder``.
    """
    if config.is_encoder_decoder:
        return Family.ENCODER_DECODER
    generates = config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    fills_masks = config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if generates and (not fills_masks or getattr(config, "is_decoder", False)):
        return Family.DECODER
    return Family.ENCODER


def check_supported(task: Task, family: Family, method: Method, *, model: str) -> None:
    """Refuse a combination that does not exist.

    Raises:
        RecipeError: naming the families that would do.
    """
    if method in SUPPORTED.get((task, family), frozenset()):
        return
    families = sorted(family for (known, family), methods in SUPPORTED.items() if known == task and method in methods)
    raise RecipeError(
        f"this model is a {family} model, and {task} with method {method} works with: {', '.join(families)}",
        where=f"model {model}",
    )
