"""Our own Transformer: encoder, decoder and encoder-decoder, with a head for every task, as models of the library.

Importing this package registers them with the library's auto classes. The other files of this folder travel with
every saved model and import nothing but torch, the libraries that every saved model needs, and each other.
"""

# mypy: disable-error-code="no-untyped-call"

import transformers

from .configuration import PRESETS, TransformerConfig
from .language_heads import TransformerForCausalLM, TransformerForConditionalGeneration, TransformerForMaskedLM
from .model import TransformerModel
from .registration import MODELS
from .task_heads import (
    TransformerForQuestionAnswering,
    TransformerForSequenceClassification,
    TransformerForTokenClassification,
)

__all__ = [
    "PRESETS",
    "TransformerConfig",
    "TransformerForCausalLM",
    "TransformerForConditionalGeneration",
    "TransformerForMaskedLM",
    "TransformerForQuestionAnswering",
    "TransformerForSequenceClassification",
    "TransformerForTokenClassification",
    "TransformerModel",
]


def register() -> None:
    """Register our models with the library's auto classes, and have the code saved with each of them."""
    transformers.AutoConfig.register(TransformerConfig.model_type, TransformerConfig, exist_ok=True)
    TransformerConfig.register_for_auto_class()
    for name, reference in MODELS.items():
        auto_class, model_class = getattr(transformers, name), globals()[reference.rpartition(".")[2]]
        auto_class.register(TransformerConfig, model_class, exist_ok=True)
        model_class.register_for_auto_class(name)


register()
