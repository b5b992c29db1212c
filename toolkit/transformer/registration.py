"""Our models in the library's auto classes: in this process, and in the folders that they are saved to."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from typing import Any

from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from .configuration import TransformerConfig
from .language_heads import TransformerForCausalLM, TransformerForConditionalGeneration, TransformerForMaskedLM
from .model import TransformerModel
from .stacks import TransformerPreTrainedModel
from .task_heads import (
    TransformerForQuestionAnswering,
    TransformerForSequenceClassification,
    TransformerForTokenClassification,
)

MODELS: dict[Any, type[TransformerPreTrainedModel]] = {
    AutoModel: TransformerModel,
    AutoModelForSeq2SeqLM: TransformerForConditionalGeneration,
    AutoModelForCausalLM: TransformerForCausalLM,
    AutoModelForMaskedLM: TransformerForMaskedLM,
    AutoModelForSequenceClassification: TransformerForSequenceClassification,
    AutoModelForTokenClassification: TransformerForTokenClassification,
    AutoModelForQuestionAnswering: TransformerForQuestionAnswering,
}
"""The model that each auto class gives."""


def register() -> None:
    """Make the auto classes know our models, and have the code saved with each of them."""
    AutoConfig.register(TransformerConfig.model_type, TransformerConfig, exist_ok=True)
    TransformerConfig.register_for_auto_class()
    for auto_class, model_class in MODELS.items():
        auto_class.register(TransformerConfig, model_class, exist_ok=True)
        model_class.register_for_auto_class(auto_class)


def auto_map(config: TransformerConfig) -> dict[str, str]:
    """Where the auto classes find, in a saved folder, each model that has the shape of this configuration.

    Args:
        config: of the saved model.

    Returns:
        ``file.Class`` by the name of the auto class.
    """
    classes = {"AutoConfig": TransformerConfig} | {
        auto_class.__name__: model_class
        for auto_class, model_class in MODELS.items()
        if getattr(model_class, "architecture", config.architecture) == config.architecture
    }
    return {name: f"{made.__module__.rpartition('.')[-1]}.{made.__name__}" for name, made in classes.items()}
