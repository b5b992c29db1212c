"""What can be told of written texts besides likeness: exact matches, their length, copies and repetition.

Tokens are those of `toolkit.evaluation.metrics.script_tokens`: words, or characters where the script asks for them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.script_tokens import NAME, ngrams, tokens
from toolkit.evaluation.metrics.text_metric import Quotient, TextRows

_ORDER = 4  # of the n-grams that are copied or repeated


@dataclass(frozen=True)
class ExactMatch(Quotient):
    """Exact match: the share of predictions that are the reference, in NFC and without white space around."""

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Compare each row; see `TextMetric.statistics`."""
        pairs = zip(*rows.texts(self.name), strict=True)
        return np.array([(_plain(prediction) == _plain(reference), 1) for prediction, reference in pairs], dtype=float)

    def signature(self, references: Sequence[str]) -> str:
        """Return the settings; see `TextMetric.signature`."""
        return "nrefs:1|case:mixed|form:nfc|strip:yes"


@dataclass(frozen=True)
class LengthRatio(Quotient):
    """Length ratio: the tokens of all predictions by those of all references; it is best near 1."""

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Count the tokens of each row; see `TextMetric.statistics`."""
        pairs = zip(*rows.texts(self.name), strict=True)
        return np.array([[len(tokens(text)) for text in pair] for pair in pairs], dtype=np.float64)

    def signature(self, references: Sequence[str]) -> str:
        """Return the settings; see `TextMetric.signature`."""
        return f"nrefs:1|tok:{NAME}|avg:corpus"


@dataclass(frozen=True)
class _Share(Quotient):
    """The mean of a share of a prediction's n-grams over the predictions that have n-grams."""

    def signature(self, references: Sequence[str]) -> str:
        """Return the settings; see `TextMetric.signature`."""
        return f"n:{_ORDER}|case:lc|form:nfc|tok:{NAME}|avg:rows"


@dataclass(frozen=True)
class Copied(_Share):
    """Copied 4-grams: the share of a prediction's 4-grams that its source has.

    It is 1 minus the share of novel 4-grams of See et al. 2017 (https://aclanthology.org/P17-1099/).
    """

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Compare each prediction with its source; see `TextMetric.statistics`."""
        return np.array([_copied(*pair) for pair in zip(*rows.copies(self.name), strict=True)], dtype=np.float64)


@dataclass(frozen=True)
class Repeated(_Share):
    """Repeated 4-grams: the share of a prediction's 4-grams that stood in it before.

    It is seq-rep-4 of Welleck et al. 2020 (https://arxiv.org/abs/1908.04319), on words instead of a model's tokens.
    """

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Examine each prediction; see `TextMetric.statistics`."""
        if rows.predictions is None:
            raise ValueError(f"{self.name} needs predictions")
        return np.array([_repeated(prediction) for prediction in rows.predictions], dtype=np.float64)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _copied(prediction: str, source: str) -> tuple[float, int]:
    """Return the share of copied n-grams, and 1 if there are n-grams."""
    written = list(ngrams(tokens(prediction), _ORDER))
    read = set(ngrams(tokens(source), _ORDER)) if written else set()
    return sum(ngram in read for ngram in written) / max(len(written), 1), min(len(written), 1)


def _repeated(prediction: str) -> tuple[float, int]:
    """Return the share of repeated n-grams, and 1 if there are n-grams."""
    written = list(ngrams(tokens(prediction), _ORDER))
    return (len(written) - len(set(written))) / max(len(written), 1), min(len(written), 1)
