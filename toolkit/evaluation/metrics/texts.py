"""Metrics of translation, generation and filling masks, each as sums over rows and a formula over the sums.

A corpus metric is no mean of row metrics: BLEU adds up the matches of all rows and then divides. Every metric
here therefore gives a few numbers for each row (`TextMetric.statistics`), which may be added up over any
choice of rows, and its value from such sums (`TextMetric.value`). One bootstrap serves all of them.

`bleu`, `bleu_lowercase` and `chrf` are sacreBLEU's own numbers, from 0 to 100 (Post, 2018, arXiv:1804.08771);
`signature` tells with which settings, so that they can be compared with those of others.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from toolkit.errors import RecipeError, explain
from toolkit.evaluation.metrics.bleu_tokenizer import bleu_tokenizer
from toolkit.evaluation.metrics.likelihoods import Likelihoods

_WORD_ORDER = 4  # the longest n-grams of BLEU, in words
_CHARACTER_ORDER = 6  # the longest n-grams of chrF, in characters
_RECALL_WEIGHT = 2.0**2  # chrF2: recall counts twice as much as precision, squared in the formula


@dataclass(frozen=True, eq=False)
class TextRows:
    """What metrics of texts are computed from: generated texts, likelihoods, or both.

    Attributes:
        predictions: texts that a model wrote. ``[rows]``
        references: the right ones. ``[rows]``
        likelihoods: what a model says about the references. ``[rows]``

    Raises:
        ValueError: there are no rows, or the lengths differ.
    """

    predictions: Sequence[str] | None = None
    references: Sequence[str] | None = None
    likelihoods: Likelihoods | None = None

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in vars(self).items() if column is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError("the lengths differ: " + ", ".join(f"{n} {name}" for name, n in lengths.items()))
        if not any(lengths.values()):
            raise ValueError("there are no rows to evaluate")

    def __len__(self) -> int:
        return max(len(column) for column in vars(self).values() if column is not None)

    def texts(self, name: str) -> tuple[Sequence[str], Sequence[str]]:
        """Predictions and references for the metric `name`; a ValueError where one is missing."""
        if self.predictions is None or self.references is None:
            raise ValueError(f"{name} needs predictions and references")
        return self.predictions, self.references


@dataclass(frozen=True)
class TextMetric(ABC):
    """A metric over rows of text.

    Attributes:
        name: in recipes and results.
        greater_is_better: else less is.
        undefined: why it has no value on some data, for reports.
    """

    name: str
    greater_is_better: bool = True
    undefined: str = "there are no rows"

    @abstractmethod
    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """What each row adds to the sums, ``[rows, k]``.

        Raises:
            ValueError: the rows lack what the metric is computed from.
        """

    @abstractmethod
    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """The metric from sums of statistics, ``[..., k]`` to ``[...]``; not finite where it is undefined."""

    def signature(self, references: Sequence[str]) -> str | None:
        """SacreBLEU's signature: all settings that change the number; None for metrics that are not its."""
        return None


@dataclass(frozen=True)
class Bleu(TextMetric):
    """BLEU of raw, untokenized texts (Papineni et al., 2002), smoothed as sacreBLEU does (``exp``).

    The statistics are words of prediction and reference, then the matching and all n-grams of the prediction
    for n of 1 to 4: ``[rows, 2 + 4 + 4]``.
    """

    lowercase: bool = False

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """As `TextMetric.statistics`; the references choose the tokenizer."""
        predictions, references = rows.texts(self.name)
        # With `effective_order` a sentence alone is no reason for a warning; the counts are the same.
        scorer = BLEU(lowercase=self.lowercase, tokenize=bleu_tokenizer(references), effective_order=True)
        pairs = zip(predictions, references, strict=True)
        scores = (scorer.sentence_score(prediction, [reference]) for prediction, reference in pairs)
        counts = [[score.sys_len, score.ref_len, *score.counts, *score.totals] for score in scores]
        return np.array(counts, dtype=np.float64)

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `TextMetric.value`; 0 where nothing matches, and where no prediction has four words."""
        length, reference_length = sums[..., 0], sums[..., 1]
        matches, ngrams = sums[..., 2 : 2 + _WORD_ORDER], sums[..., 2 + _WORD_ORDER :]
        # The first order without a match counts as half a match, the next as a quarter …
        smoothed = 0.5 ** np.cumsum(matches == 0, axis=-1)
        precisions = np.where(matches > 0, matches, smoothed) / np.maximum(ngrams, 1)
        brevity = np.exp(np.minimum(0.0, 1 - reference_length / np.maximum(length, 1)))
        score = 100 * brevity * np.exp(np.log(precisions).mean(axis=-1))
        return np.where((matches[..., 0] > 0) & (ngrams[..., -1] > 0), score, 0.0)

    def signature(self, references: Sequence[str]) -> str:
        """As `TextMetric.signature`."""
        scorer = BLEU(lowercase=self.lowercase, tokenize=bleu_tokenizer(references))
        scorer.corpus_score([""], [[""]])  # sacreBLEU knows the number of references only afterwards
        return str(scorer.get_signature())


@dataclass(frozen=True)
class Chrf(TextMetric):
    """ChrF2: the F score of character n-grams, n of 1 to 6, spaces left out (Popović, 2015), of texts in NFC.

    The statistics are the n-grams of prediction, reference and both, for each n: ``[rows, 6 * 3]``.
    """

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """As `TextMetric.statistics`."""
        pairs = zip(*rows.texts(self.name), strict=True)
        return np.array([_character_matches(*pair) for pair in pairs], dtype=np.float64)

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `TextMetric.value`; precision and recall are means over the orders that both sides have."""
        predicted, expected, matches = np.moveaxis(sums.reshape(*sums.shape[:-1], _CHARACTER_ORDER, 3), -1, 0)
        present = (predicted > 0) & (expected > 0)
        orders = np.maximum(present.sum(axis=-1), 1)
        precision = np.where(present, matches / np.maximum(predicted, 1), 0).sum(axis=-1) / orders
        recall = np.where(present, matches / np.maximum(expected, 1), 0).sum(axis=-1) / orders
        weighted = _RECALL_WEIGHT * precision + recall
        return np.asarray(100 * (1 + _RECALL_WEIGHT) * precision * recall / np.where(weighted > 0, weighted, 1.0))

    def signature(self, references: Sequence[str]) -> str:
        """As `TextMetric.signature`; it does not depend on the references."""
        scorer = CHRF()
        scorer.corpus_score([""], [[""]])
        return str(scorer.get_signature())


@dataclass(frozen=True)
class LikelihoodMetric(TextMetric):
    """A sum over a number of units, both from `Likelihoods`: ``[rows, 2]``.

    Attributes:
        total: the field that is summed up.
        units: the field by whose sum it is divided.
        finish: what becomes of the quotient.
    """

    total: str = "negative_log_likelihood"
    units: str = "tokens"
    finish: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.asarray

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """As `TextMetric.statistics`."""
        total = getattr(rows.likelihoods, self.total, None)
        if total is None:
            raise ValueError(f"{self.name} needs likelihoods with {self.total}")
        return np.stack([total, getattr(rows.likelihoods, self.units)], axis=-1).astype(np.float64)

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `TextMetric.value`."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self.finish(sums[..., 0] / sums[..., 1])


def _character_matches(prediction: str, reference: str) -> list[int]:
    predicted, expected = ("".join(unicodedata.normalize("NFC", text).split()) for text in (prediction, reference))
    row = []
    for order in range(1, _CHARACTER_ORDER + 1):
        counted, wanted = _ngrams(predicted, order), _ngrams(expected, order)
        # As sacreBLEU: where the reference is too short to have any, those of the prediction do not count.
        row += [counted.total() if wanted else 0, wanted.total(), (counted & wanted).total()]
    return row


def _ngrams(text: str, order: int) -> Counter[str]:
    return Counter(text[start : start + order] for start in range(len(text) - order + 1))


TEXT_METRICS: dict[str, TextMetric] = {
    metric.name: metric
    for metric in (
        Bleu("bleu"),
        Bleu("bleu_lowercase", lowercase=True),
        Chrf("chrf"),
        LikelihoodMetric(
            "perplexity",
            greater_is_better=False,
            undefined="there are no tokens, or the number is too large",
            finish=np.exp,
        ),
        LikelihoodMetric(
            "bits_per_character",
            greater_is_better=False,
            undefined="there are no characters",
            units="characters",
            finish=lambda nats: nats / np.log(2),
        ),
        LikelihoodMetric("masked_accuracy", undefined="there are no masked tokens", total="correct"),
    )
}


def text_metrics(names: Sequence[str]) -> dict[str, TextMetric]:
    """The metrics of these names, in their order.

    Raises:
        RecipeError: a name is unknown; all such names are told at once.
    """
    unknown = [name for name in names if name not in TEXT_METRICS]
    if unknown:
        allowed = tuple(TEXT_METRICS)
        raise RecipeError(*(explain(f"unknown metric {name!r}", allowed=allowed, name=name) for name in unknown))
    return {name: TEXT_METRICS[name] for name in names}


def signature(name: str, references: Sequence[str]) -> str | None:
    """SacreBLEU's signature of a metric on these references, None for a metric that is not sacreBLEU's.

    Raises:
        RecipeError: the name is unknown.
    """
    return text_metrics([name])[name].signature(references)
