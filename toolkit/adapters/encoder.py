"""Encoders: every token sees every other, and a masked token is what they learnt to fill in."""

from __future__ import annotations

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.adapter import Adapter
from toolkit.names import Family


class EncoderAdapter(Adapter):
    """BERT and its kin. A text is read whole; it needs nothing but a padding token, which all of them have."""

    family = Family.ENCODER

    def settle_labelling(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Nothing: the heads read any text."""

    def reader(self, model: PreTrainedModel) -> PreTrainedModel:
        """The body itself."""
        return model
