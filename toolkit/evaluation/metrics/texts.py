"""Metrics of translation, generation and fill-mask, each computed from sums over rows.

A corpus metric is not the mean of row metrics: BLEU sums the matches of all rows and then divides. So every metric here
has a few statistics for each row (`TextMetric.statistics`), which can be summed over any choice of rows, and a formula
of these sums (`TextMetric.value`). One bootstrap serves all of them.

`bleu`, `bleu_lowercase` and `chrf` are the values of sacreBLEU, from 0 to 100 (Post 2018,
https://arxiv.org/abs/1804.08771). `signature` names their settings, so that they can be compared with others.
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
    """The rows that metrics of texts are computed from: generated texts, likelihoods, or both.

    Attributes:
        predictions: generated texts. ``[rows]``
        references: their targets. ``[rows]``
        likelihoods: a model's likelihoods of the references. ``[rows]``

    Raises:
        ValueError: if there are no rows, or the lengths differ.
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
        """Return predictions and references for the metric `name`; raise a ValueError if one is missing."""
        if self.predictions is None or self.references is None:
            raise ValueError(f"{name} needs predictions and references")
        return self.predictions, self.references


@dataclass(frozen=True)
class TextMetric(ABC):
    """A metric over rows of text.

    Attributes:
        name: in recipes and results.
        greater_is_better: False if a smaller value is better.
        undefined: the reason why it has no value on some data, for reports.
    """

    name: str
    greater_is_better: bool = True
    undefined: str = "there are no rows"

    @abstractmethod
    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Compute the statistics of each row, ``[rows, k]``.

        Raises:
            ValueError: if the rows lack the texts or the likelihoods that the metric needs.
        """

    @abstractmethod
    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the metric from sums of statistics, ``[..., k]`` to ``[...]``; not finite if it is undefined."""

    def signature(self, references: Sequence[str]) -> str | None:
        """Return sacreBLEU's signature, all settings that change the value; None for a metric that is not its own."""
        return None


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


@dataclass(frozen=True)
class LikelihoodMetric(TextMetric):
    """A quotient of two sums of fields of `Likelihoods`: ``[rows, 2]``.

    Attributes:
        total: the field of the numerator.
        units: the field of the denominator.
        finish: a function of the quotient.
    """

    total: str = "negative_log_likelihood"
    units: str = "tokens"
    finish: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.asarray

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Return the numerator and the denominator of each row; see `TextMetric.statistics`."""
        total = getattr(rows.likelihoods, self.total, None)
        if total is None:
            raise ValueError(f"{self.name} needs likelihoods with {self.total}")
        return np.stack([total, getattr(rows.likelihoods, self.units)], axis=-1).astype(np.float64)

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the metric from both sums; see `TextMetric.value`."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return self.finish(sums[..., 0] / sums[..., 1])


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
    """Return the metrics of these names, in their order.

    Raises:
        RecipeError: with all unknown names.
    """
    unknown = [name for name in names if name not in TEXT_METRICS]
    if unknown:
        allowed = tuple(TEXT_METRICS)
        raise RecipeError(*(explain(f"unknown metric {name!r}", allowed=allowed, name=name) for name in unknown))
    return {name: TEXT_METRICS[name] for name in names}


def signature(name: str, references: Sequence[str]) -> str | None:
    """Return sacreBLEU's signature of a metric on these references; None for a metric that is not sacreBLEU's.

    Raises:
        RecipeError: if the name is unknown.
    """
    return text_metrics([name])[name].signature(references)
