"""What a tokenizer takes from texts before a model reads them: unknown words, Hangul taken apart, accents, ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.data.doctor_tokens import TokenReport

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LOST = 0.01
"""Share of the characters, syllables or texts from which a loss is worth a warning."""

UNREADABLE = 0.1
"""Share of the characters or syllables that are lost from which a model does not read the texts."""

_SYLLABLE = re.compile("[\uac00-\ud7a3]")
_ACCENT = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True)
class Losses:
    """Shares of some texts that a tokenizer loses.

    Attributes:
        unknown_characters: the share of the characters, without white space, in unknown words.
        broken_syllables: the share of the Hangul syllables that its normaliser decomposes into jamo.
        lost_accents: accents that its normaliser removes, divided by the letters of the texts.
    """

    unknown_characters: float
    broken_syllables: float
    lost_accents: float

    @property
    def reads_badly(self) -> bool:
        """Return whether so much is lost that what the model makes of the texts says little."""
        return max(self.unknown_characters, self.broken_syllables) >= UNREADABLE


def find_losses(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> Losses:
    """Measure what a tokenizer loses of texts."""
    broken, accents = _normalised_away(texts, tokenizer)
    return Losses(_unknown_characters(texts, tokenizer), broken, accents)


def reading_warnings(report: TokenReport, losses: Losses, *, better: str = "") -> list[str]:
    """Return what a model cannot read of the texts, a line each.

    Args:
        report: figures of its tokenizer on the texts.
        losses: of the same texts.
        better: names of models that read Korean, if some are known.
    """
    lines = []
    if losses.broken_syllables >= LOST:
        such_as = f", such as {better}" if better else ""
        lines.append(
            f"its tokenizer takes {losses.broken_syllables:.0%} of the Hangul syllables apart into jamo, two or three "
            f"tokens each that it has hardly ever read; a model that has learnt Korean keeps them whole{such_as}"
        )
    if losses.unknown_characters >= LOST:
        lines.append(
            f"{losses.unknown_characters:.0%} of the characters stand in words that its tokenizer gives up as unknown "
            f"({report.unknown_rate:.1%} of the tokens); what they say is lost to the model"
        )
    if losses.lost_accents >= LOST:
        lines.append(
            f"its tokenizer takes the accents from {losses.lost_accents:.0%} of the letters, so that words become the "
            "same"
        )
    if report.truncation_rate >= LOST:
        lines.append(
            f"{report.truncation_rate:.0%} of the texts are longer than the {report.max_length:,} tokens "
            "that it reads, and are cut"
        )
    if report.tokens_per_character > 1:
        lines.append(
            f"{report.tokens_per_character:.2f} tokens a character, more than one: its tokenizer was not made for this "
            "language, and spells it out in parts of letters"
        )
    return lines


def hangul_share(texts: Iterable[str]) -> float:
    """Return the share of Hangul syllables among the letters of texts."""
    every = list(texts)
    return _found(_SYLLABLE, every) / max(1, _letters(every))


def _normalised_away(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> tuple[float, float]:
    """Return the share of Hangul syllables, and the accents a letter, that a tokenizer's normaliser removes."""
    normalizer = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
    if normalizer is None:
        return 0.0, 0.0
    cleaned = [normalizer.normalize_str(text) for text in texts]
    syllables, kept_syllables = (_found(_SYLLABLE, which) for which in (texts, cleaned))
    accents, kept_accents = (_found(_ACCENT, map(_decomposed, which)) for which in (texts, cleaned))
    broken = max(0, syllables - kept_syllables) / max(1, syllables)
    return broken, max(0, accents - kept_accents) / max(1, _letters(texts))


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> int:
    return sum(len(pattern.findall(text)) for text in texts)


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _letters(texts: Iterable[str]) -> int:
    return sum(sum(map(str.isalpha, text)) for text in texts)


def _unknown_characters(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> float:
    """Return the share of the characters, without white space, that are in unknown tokens."""
    if not tokenizer.is_fast or tokenizer.unk_token_id is None:  # only those of the tokenizers library have offsets
        return 0.0
    encoded = tokenizer(list(texts), return_offsets_mapping=True, add_special_tokens=False, verbose=False)
    lost = sum(
        len("".join(text[start:end].split()))
        for text, ids, offsets in zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True)
        for token, (start, end) in zip(ids, offsets, strict=True)
        if token == tokenizer.unk_token_id
    )
    return lost / max(1, sum(len("".join(text.split())) for text in texts))
