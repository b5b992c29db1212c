"""Answers to questions, compared as SQuAD does (Rajpurkar et al. 2016, https://aclanthology.org/D16-1264/).

Case, punctuation, English articles and white space make no difference. F1 counts the words that two answers share. Of
Korean answers it counts characters, and more quotation marks are left out, as KorQuAD 1.0 does (Lim et al. 2019,
https://arxiv.org/abs/1909.07005): endings are attached to words, so that few words are equal. The same holds for
scripts without spaces.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.bleu_tokenizer import DEFAULT, bleu_tokenizer
from toolkit.evaluation.metrics.text_metric import Quotient, TextRows

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_QUOTES = str.maketrans(dict.fromkeys("'\"《》<>〈〉()‘’", " "))  # that KorQuAD's script replaces before punctuation
_ARTICLES = re.compile(r"\b(a|an|the)\b")


@dataclass(frozen=True)
class AnswerMatch(Quotient):
    """The share of predictions that are the reference once both are normalised."""

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Compare each row; see `TextMetric.statistics`."""
        predictions, references = rows.texts(self.name)
        by_character = _counts_characters(references)
        pairs = zip(predictions, references, strict=True)
        return np.array(
            [(normal_answer(one, by_character) == normal_answer(other, by_character), 1) for one, other in pairs],
            dtype=np.float64,
        )

    def signature(self, references: Sequence[str]) -> str:
        """Return the settings; see `TextMetric.signature`."""
        return f"nrefs:1|form:nfc|norm:{_normalisation(references)}"


@dataclass(frozen=True)
class AnswerF1(Quotient):
    """The mean of F1 over the rows: of the words, or characters, that prediction and reference share."""

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Compare each row; see `TextMetric.statistics`."""
        predictions, references = rows.texts(self.name)
        by_character = _counts_characters(references)
        pairs = zip(predictions, references, strict=True)
        return np.array([(_f1(*pair, by_character), 1) for pair in pairs], dtype=np.float64)

    def signature(self, references: Sequence[str]) -> str:
        """Return the settings; see `TextMetric.signature`."""
        unit = "char" if _counts_characters(references) else "word"
        return f"nrefs:1|form:nfc|norm:{_normalisation(references)}|tok:{unit}|avg:rows"


def normal_answer(text: str, by_character: bool) -> str:
    """Return an answer in small letters, without punctuation and with single blanks between words.

    Args:
        text: the answer.
        by_character: as KorQuAD does; otherwise as SQuAD does, without English articles.
    """
    small = unicodedata.normalize("NFC", text).lower()
    if by_character:
        return " ".join(small.translate(_QUOTES).translate(_PUNCTUATION).split())
    return " ".join(_ARTICLES.sub(" ", small.translate(_PUNCTUATION)).split())


def _f1(prediction: str, reference: str, by_character: bool) -> float:
    written, right = (normal_answer(text, by_character).split() for text in (prediction, reference))
    if by_character:
        written, right = list("".join(written)), list("".join(right))
    if not written or not right:
        return float(written == right)
    n_shared = (Counter(written) & Counter(right)).total()
    return 2 * n_shared / (len(written) + len(right))


def _counts_characters(references: Sequence[str]) -> bool:
    return bleu_tokenizer(references) != DEFAULT


def _normalisation(references: Sequence[str]) -> str:
    return "korquad-1.0" if _counts_characters(references) else "squad"
