"""ROUGE: how many words a prediction shares with its reference.

See Lin 2004 (https://aclanthology.org/W04-1013/). The values are those of the package rouge-score, from 0 to 1, with
the tokens of `toolkit.evaluation.metrics.script_tokens` and without its English stemmer. They are computed here,
because the package fills a table in Python for each pair of texts. For 2,000 texts of 150 tokens beside copies of
sources of 1,500 tokens that takes 100 s, and a second here.

The score of a row is F, the harmonic mean of precision and recall. It is 0 if one of the texts has no tokens. The
metric is the mean over the rows.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.script_tokens import NAME, ngrams, tokens
from toolkit.evaluation.metrics.sentence_ends import split_sentences
from toolkit.evaluation.metrics.subsequence import common_length, common_places
from toolkit.evaluation.metrics.text_metric import Quotient, TextRows


@dataclass(frozen=True)
class Rouge(Quotient):
    """A kind of ROUGE."""

    @abstractmethod
    def score(self, prediction: str, reference: str) -> float:
        """Compute F of one row."""

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Compute F of each row; see `TextMetric.statistics`."""
        pairs = zip(*rows.texts(self.name), strict=True)
        return np.array([(self.score(*pair), 1) for pair in pairs], dtype=np.float64)

    def signature(self, references: Sequence[str]) -> str:
        """Return the settings; see `TextMetric.signature`."""
        return f"nrefs:1|case:lc|form:nfc|tok:{NAME}|stem:no|score:f1|avg:rows"


@dataclass(frozen=True)
class RougeN(Rouge):
    """ROUGE-N: n-grams that both texts have, as often as both have them.

    Attributes:
        n: tokens of an n-gram.
    """

    n: int = 1

    def score(self, prediction: str, reference: str) -> float:
        """Compute F of one row."""
        predicted, expected = (Counter(ngrams(tokens(text), self.n)) for text in (prediction, reference))
        return _f1((predicted & expected).total(), predicted.total(), expected.total())


@dataclass(frozen=True)
class RougeL(Rouge):
    """ROUGE-L: the longest sequence of tokens that both texts have in this order, with others between."""

    def score(self, prediction: str, reference: str) -> float:
        """Compute F of one row."""
        predicted, expected = tokens(prediction), tokens(reference)
        return _f1(common_length(predicted, expected), len(predicted), len(expected))


@dataclass(frozen=True)
class RougeLsum(Rouge):
    """ROUGE-L of summaries: each sentence of the reference with every sentence of the prediction.

    The sentences are those of `split_sentences`, so that texts need no line for each.
    """

    def score(self, prediction: str, reference: str) -> float:
        """Compute F of one row."""
        predicted, expected = ([tokens(part) for part in split_sentences(text)] for text in (prediction, reference))
        in_prediction, in_reference = (Counter(chain.from_iterable(parts)) for parts in (predicted, expected))
        matches = 0
        for sentence in expected:
            places = {place for part in predicted for place in common_places(sentence, part)}
            # A token matches as often as both texts have it, as in ROUGE 1.5.5.
            for token in (sentence[place] for place in sorted(places)):
                if in_prediction[token] and in_reference[token]:
                    in_prediction[token] -= 1
                    in_reference[token] -= 1
                    matches += 1
        return _f1(matches, sum(map(len, predicted)), sum(map(len, expected)))

    def signature(self, references: Sequence[str]) -> str:
        """Return the settings; see `TextMetric.signature`."""
        return f"{super().signature(references)}|split:lines+sentences"


def _f1(matches: int, n_predicted: int, n_expected: int) -> float:
    return 2 * matches / max(n_predicted + n_expected, 1)
