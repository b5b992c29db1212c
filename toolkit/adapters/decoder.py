"""Decoders: a token attends to those before it, so only the last one attends to the whole text."""

from __future__ import annotations

from typing import Any, cast

from tokenizers import processors
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.adapter import Adapter
from toolkit.errors import IntegrityError
from toolkit.names import Family


class DecoderAdapter(Adapter):
    """The adapter of GPT-2, Llama and similar models, most of which were trained without padding and text pairs.

    They are padded on the right: no token attends to those after it, so padding changes nothing.
    """

    family = Family.DECODER
    pooling = "last"
    language_class = AutoModelForCausalLM

    def settle_tokenizer(self, tokenizer: PreTrainedTokenizerBase, config: Any) -> None:
        """Pad with ``eos``, or with ``unk``, if there is no padding token, and write it into the configuration.

        The library's heads read the last token that is not the padding token. See the base class.
        """
        if tokenizer.pad_token is None:
            filler = tokenizer.eos_token or tokenizer.unk_token
            if filler is None:
                raise IntegrityError("the tokenizer has no token to fill a batch with: no pad, eos or unk token")
            tokenizer.pad_token = filler
        config.pad_token_id = tokenizer.pad_token_id
        super().settle_tokenizer(tokenizer, config)
        _part_pairs(tokenizer)

    def settle_labelling(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Change nothing: the heads read any text."""

    def reader(self, model: PreTrainedModel) -> PreTrainedModel:
        """Return the body itself."""
        return model

    def call_settings(self) -> dict[str, Any]:
        """Turn off the cache, which only generation needs."""
        return {"use_cache": False}


def _part_pairs(tokenizer: PreTrainedTokenizerBase) -> None:
    """Insert ``eos`` between the texts of a pair if no token separates them; it is saved with the tokenizer."""
    alone, pair = (len(tokenizer(*texts)["input_ids"]) for texts in (("a",), ("a", "a")))
    backend = getattr(tokenizer, "backend_tokenizer", None)
    end = tokenizer.eos_token
    if pair != 2 * alone or backend is None or end is None or tokenizer.num_special_tokens_to_add(pair=True):
        return
    separating = processors.TemplateProcessing(
        single="$A", pair=f"$A {end} $B", special_tokens=[(end, cast(int, tokenizer.eos_token_id))]
    )
    usual = backend.post_processor
    backend.post_processor = separating if usual is None else processors.Sequence([usual, separating])
