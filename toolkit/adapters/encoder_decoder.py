"""Encoder-decoders: the encoder reads the text, the decoder writes another."""

from __future__ import annotations

from transformers import AutoModelForSeq2SeqLM, PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.adapter import Adapter
from toolkit.errors import IntegrityError
from toolkit.names import Family


class EncoderDecoderAdapter(Adapter):
    """The adapter of T5, BART, Marian and models made of two. Features are those of the encoder."""

    family = Family.ENCODER_DECODER
    language_class = AutoModelForSeq2SeqLM

    def settle_labelling(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Read special tokens in a text as plain text: the library's heads need equally many ``</s>`` in each row."""
        tokenizer.split_special_tokens = True
        tokenizer.init_kwargs["split_special_tokens"] = True  # what is saved
        ids, end = tokenizer("a")["input_ids"], tokenizer.eos_token_id
        if end is not None and end not in ids:
            raise IntegrityError(f"the tokenizer puts no {tokenizer.eos_token} behind a text")

    def reader(self, model: PreTrainedModel) -> PreTrainedModel:
        """Return the encoder."""
        encoder: PreTrainedModel = model.get_encoder()
        return encoder
