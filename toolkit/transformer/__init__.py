"""Our own Transformer: encoder, decoder and encoder-decoder, with a head for every task, as models of the library.

Importing this makes the library's auto classes know them. The files of this folder travel with every saved model
and import nothing but torch, the libraries that every saved model needs, and each other.
"""

from .configuration import PRESETS, TransformerConfig
from .language_heads import TransformerForCausalLM, TransformerForConditionalGeneration, TransformerForMaskedLM
from .model import TransformerModel
from .registration import register
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

register()
