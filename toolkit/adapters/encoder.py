"""Encoders: every token attends to every other."""

from __future__ import annotations

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.adapter import Adapter
from toolkit.names import Family


class EncoderAdapter(Adapter):
    """The adapter of BERT and similar models, which need nothing but a padding token; all of them have one."""

    family = Family.ENCODER

    def settle_labelling(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Change nothing: the heads read any text."""

    def reader(self, model: PreTrainedModel) -> PreTrainedModel:
        """Return the body itself."""
        return model
