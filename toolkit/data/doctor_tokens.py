"""Figures of a model's tokenizer on texts: the share that is cut off, the share that it does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_CHUNK_ROWS = 1_000


@dataclass(frozen=True)
class TokenReport:
    """Figures of a tokenizer on some texts; lengths are in tokens, special tokens included.

    Attributes:
        max_length: tokens beyond which a text is cut.
        truncation_rate: the share of the texts that are longer.
        unknown_rate: the share of unknown tokens, special tokens aside; 0 for a tokenizer without such a token.
        tokens_per_character: tokens, special tokens aside, over characters.
        median_tokens: the median length.
        p95_tokens: the 95th percentile of the lengths.
        max_tokens: the largest length.
    """

    max_length: int
    truncation_rate: float
    unknown_rate: float
    tokens_per_character: float
    median_tokens: float
    p95_tokens: float
    max_tokens: int


def examine_tokens(
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    *,
    pairs: Sequence[str] | None = None,
) -> TokenReport:
    """Tokenise all texts uncut and measure.

    Args:
        texts: at least one text.
        tokenizer: the model's own.
        max_length: tokens beyond which a text is cut.
        pairs: the second text of each, for a task on pairs.

    Raises:
        ValueError: there is no text.
    """
    if not texts:
        raise ValueError("no text to examine")
    lengths: list[int] = []
    n_unknown = n_tokens = 0
    for start in range(0, len(texts), _CHUNK_ROWS):
        second = None if pairs is None else list(pairs[start : start + _CHUNK_ROWS])
        encoded = tokenizer(
            list(texts[start : start + _CHUNK_ROWS]),
            second,
            return_special_tokens_mask=True,
            return_attention_mask=False,
            verbose=False,
        )
        for ids, special in zip(encoded["input_ids"], encoded["special_tokens_mask"], strict=True):
            lengths.append(len(ids))
            n_tokens += len(special) - sum(special)
            n_unknown += ids.count(tokenizer.unk_token_id)
    n_characters = sum(map(len, texts)) + sum(map(len, pairs or ()))
    median, p95 = np.percentile(lengths, [50, 95])
    return TokenReport(
        max_length=max_length,
        truncation_rate=sum(length > max_length for length in lengths) / len(lengths),
        unknown_rate=n_unknown / max(1, n_tokens),
        tokens_per_character=n_tokens / max(1, n_characters),
        median_tokens=float(median),
        p95_tokens=round(float(p95), 1),
        max_tokens=max(lengths),
    )
