"""BLEU and chrF: the values of sacreBLEU, from 0 to 100 (Post 2018, https://arxiv.org/abs/1804.08771).

`signature` names their settings, so that they can be compared with others.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from toolkit.evaluation.metrics.bleu_tokenizer import bleu_tokenizer
from toolkit.evaluation.metrics.text_metric import TextMetric, TextRows

_WORD_ORDER = 4  # the longest n-grams of BLEU, in words
_CHARACTER_ORDER = 6  # the longest n-grams of chrF, in characters
_RECALL_WEIGHT = 2.0**2  # chrF2: recall counts twice as much as precision, squared in the formula


@dataclass(frozen=True)
class Bleu(TextMetric):
    """BLEU of raw, untokenized texts with sacreBLEU's smoothing (``exp``).

    See Papineni et al. 2002 (https://aclanthology.org/P02-1040/), and for the smoothing Chen & Cherry 2014, method 3
    (https://aclanthology.org/W14-3346/). The statistics are the numbers of words of prediction and reference, then the
    matching and all n-grams of the prediction for n from 1 to 4: ``[rows, 2 + 4 + 4]``.
    """

    lowercase: bool = False

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Count words and n-grams, with the tokenizer for the references; see `TextMetric.statistics`."""
        predictions, references = rows.texts(self.name)
        # With `effective_order` there is no warning about single sentences; the counts are the same.
        scorer = BLEU(lowercase=self.lowercase, tokenize=bleu_tokenizer(references), effective_order=True)
        pairs = zip(predictions, references, strict=True)
        scores = (scorer.sentence_score(prediction, [reference]) for prediction, reference in pairs)
        counts = [[score.sys_len, score.ref_len, *score.counts, *score.totals] for score in scores]
        return np.array(counts, dtype=np.float64)

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute BLEU; 0 if nothing matches, and if no prediction has four words. See `TextMetric.value`."""
        length, reference_length = sums[..., 0], sums[..., 1]
        matches, ngrams = sums[..., 2 : 2 + _WORD_ORDER], sums[..., 2 + _WORD_ORDER :]
        # The first order without a match counts as half a match, the next as a quarter …
        smoothed = 0.5 ** np.cumsum(matches == 0, axis=-1)
        precisions = np.where(matches > 0, matches, smoothed) / np.maximum(ngrams, 1)
        brevity = np.exp(np.minimum(0.0, 1 - reference_length / np.maximum(length, 1)))
        score = 100 * brevity * np.exp(np.log(precisions).mean(axis=-1))
        return np.where((matches[..., 0] > 0) & (ngrams[..., -1] > 0), score, 0.0)

    def signature(self, references: Sequence[str]) -> str:
        """Return sacreBLEU's signature of BLEU; see `TextMetric.signature`."""
        scorer = BLEU(lowercase=self.lowercase, tokenize=bleu_tokenizer(references))
        scorer.corpus_score([""], [[""]])  # only afterwards sacreBLEU knows the number of references
        return str(scorer.get_signature())


@dataclass(frozen=True)
class Chrf(TextMetric):
    """ChrF2: the F score of character n-grams for n from 1 to 6, without spaces, of texts in NFC.

    See Popović 2015 (https://aclanthology.org/W15-3049/). The statistics are the numbers of n-grams of the prediction,
    of the reference and of both, for each n: ``[rows, 6 * 3]``.
    """

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Count character n-grams; see `TextMetric.statistics`."""
        pairs = zip(*rows.texts(self.name), strict=True)
        return np.array([_character_matches(*pair) for pair in pairs], dtype=np.float64)

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute chrF from the means of precision and recall over the orders of both; see `TextMetric.value`."""
        predicted, expected, matches = np.moveaxis(sums.reshape(*sums.shape[:-1], _CHARACTER_ORDER, 3), -1, 0)
        present = (predicted > 0) & (expected > 0)
        orders = np.maximum(present.sum(axis=-1), 1)
        precision = np.where(present, matches / np.maximum(predicted, 1), 0).sum(axis=-1) / orders
        recall = np.where(present, matches / np.maximum(expected, 1), 0).sum(axis=-1) / orders
        weighted = _RECALL_WEIGHT * precision + recall
        return np.asarray(100 * (1 + _RECALL_WEIGHT) * precision * recall / np.where(weighted > 0, weighted, 1.0))

    def signature(self, references: Sequence[str]) -> str:
        """Return sacreBLEU's signature of chrF; see `TextMetric.signature`."""
        scorer = CHRF()
        scorer.corpus_score([""], [[""]])
        return str(scorer.get_signature())


def _character_matches(prediction: str, reference: str) -> list[int]:
    predicted, expected = ("".join(unicodedata.normalize("NFC", text).split()) for text in (prediction, reference))
    row = []
    for order in range(1, _CHARACTER_ORDER + 1):
        of_prediction, of_reference = _ngrams(predicted, order), _ngrams(expected, order)
        # As in sacreBLEU: if the reference is too short to have n-grams, those of the prediction do not count.
        row += [
            of_prediction.total() if of_reference else 0,
            of_reference.total(),
            (of_prediction & of_reference).total(),
        ]
    return row


def _ngrams(text: str, order: int) -> Counter[str]:
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))
