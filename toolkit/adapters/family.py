"""Which family a model belongs to, read from its configuration."""

from __future__ import annotations

from transformers import PreTrainedConfig
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from toolkit.errors import RecipeError
from toolkit.names import SUPPORTED, Family, Method, Task
from toolkit.transformer import TransformerConfig


def family_of(config: PreTrainedConfig) -> Family:
    """The family of a model.

    BERT and its kin are listed by the library under causal language modelling too, so a model is a decoder
    only if the library has no masked-language head for it, or if its configuration says ``is_decoder``.
    """
    if isinstance(config, TransformerConfig):
        return Family(config.architecture)
    if config.is_encoder_decoder:
        return Family.ENCODER_DECODER
    generates = config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    fills_masks = config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if generates and (not fills_masks or getattr(config, "is_decoder", False)):
        return Family.DECODER
    return Family.ENCODER


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
    fitting = {
        known
        for (of_task, known), methods in SUPPORTED.items()
        if of_task == task and (method is None or method in methods)
    }
    if family not in fitting:
        way = task if method is None else f"{task} with method {method}"
        raise RecipeError(
            f"this model is a {family} model, and {way} works with: {', '.join(sorted(fitting))}",
            where=f"model {model}",
        )
