"""Texts and pairs of texts as a family of models learns them: encoded, then packed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.data.encode import encode_pairs, encode_texts
from toolkit.data.packing import PackMasked, PackPairs, PackTexts
from toolkit.data.vocabulary import FIRST_ORDINARY_ID
from toolkit.names import Family

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

    from toolkit.data.batches import StepBatches


def encode_for(family: Family, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
    """Encode rows for a family: pairs for an encoder-decoder, else texts, long ones in several parts.

    Args:
        family: of the model.
        rows: columns ``source`` and ``target``, or ``text``; and ``id``.
        tokenizer: the model's own.
        max_length: tokens that the model takes.

    Returns:
        With ``input_ids``, ``length`` in tokens, and what `encode_pairs` or `encode_texts` adds.
    """
    if family is Family.ENCODER_DECODER:
        return encode_pairs(rows, tokenizer, max_length=max_length)
    if family is Family.ENCODER:
        return encode_texts(rows, tokenizer, max_length=max_length)
    # A decoder's texts begin with one token more, which the packer puts there.
    encoded = encode_texts(rows, tokenizer, max_length=max_length - 1)
    lengths = np.asarray(encoded["length"]) + 1
    return encoded.remove_columns("length").add_column("length", lengths)


def packer_for(
    family: Family, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
) -> Callable[[Sequence[Mapping[str, Any]]], dict[str, Any]]:
    """What makes packed micro-batches of encoded rows.

    Args:
        family: of the model; an encoder learns to fill in words.
        tokenizer: the model's own.
        seed: of what is hidden from an encoder.
        batches: whose epoch changes what is hidden; None: always the same.
    """
    if family is Family.ENCODER_DECODER:
        return PackPairs(int(tokenizer.bos_token_id))
    if family is Family.DECODER:
        return PackTexts(int(tokenizer.bos_token_id))
    return PackMasked(
        int(tokenizer.mask_token_id),
        len(tokenizer),
        first_ordinary_id=FIRST_ORDINARY_ID,
        seed=seed,
        batches=batches,
    )
