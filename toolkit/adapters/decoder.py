"""Decoders: a token sees those before it, so that the last one alone has seen the text."""

from __future__ import annotations

from typing import Any, cast

from tokenizers import processors
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.adapter import Adapter
from toolkit.errors import IntegrityError
from toolkit.names import Family


class DecoderAdapter(Adapter):
    """GPT-2, Llama and their kin, most of which were trained without padding and without pairs of texts.

    They are padded on the right: a token does not see what comes after it, so that padding changes nothing.
    """

    family = Family.DECODER
    pooling = "last"
    language_class = AutoModelForCausalLM

    def settle_tokenizer(self, tokenizer: PreTrainedTokenizerBase, config: Any) -> None:
        """Fill with ``eos``, or with ``unk``, where no token is for it, and tell the model, which looks for it.

        The library's heads read the last token that is not the padding token; see the base class.
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
        """Nothing: the heads read any text."""

    def reader(self, model: PreTrainedModel) -> PreTrainedModel:
        """The body itself."""
        return model

    def call_settings(self) -> dict[str, Any]:
        """No cache: nothing comes after the text."""
        return {"use_cache": False}


def _part_pairs(tokenizer: PreTrainedTokenizerBase) -> None:
    """Put ``eos`` between the two texts of a pair where nothing would part them; saved with the tokenizer."""
    alone, pair = (len(tokenizer(*texts)["input_ids"]) for texts in (("a",), ("a", "a")))
    backend = getattr(tokenizer, "backend_tokenizer", None)
    end = tokenizer.eos_token
    if pair != 2 * alone or backend is None or end is None or tokenizer.num_special_tokens_to_add(pair=True):
        return
    between = processors.TemplateProcessing(
        single="$A", pair=f"$A {end} $B", special_tokens=[(end, cast(int, tokenizer.eos_token_id))]
    )
    usual = backend.post_processor
    backend.post_processor = between if usual is None else processors.Sequence([usual, between])
