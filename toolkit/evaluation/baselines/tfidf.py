"""TF-IDF features of texts and pairs of texts, for the baselines.

Features are hashed, so that the vocabulary of a million rows takes no more memory than that of a thousand. They count
words and pairs of words. In scripts without spaces, or whose words have attached endings (Chinese, Japanese, Korean,
Thai …), each character counts as a word. If the training texts are short enough, n-grams of two to four characters are
added, which capture endings and misspellings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

# Thai, Lao, Myanmar, Khmer; Hangul; Kana; Han; and their half-width forms.
CHARACTER_SCRIPTS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
    "\u3040-\u30ff\uff66-\uff9f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
WORD = rf"[{CHARACTER_SCRIPTS}]|[^\W{CHARACTER_SCRIPTS}]+"

_HASHES = 2**18
_LONGEST_TEXT = 2_000  # characters of a text that are read
MOST_FOR_NGRAMS = 5_000_000  # characters of all training texts up to which character n-grams are added
_MOST_WORK = 50_000_000  # characters times outputs, which bounds time (about 20 s on one core) and memory
MOST_FEATURES = 20_000  # of a kind, the most frequent ones
_MOST_WEIGHTS = 1_000_000  # of a kind; the optimizer keeps about 25 copies


def cut(texts: Sequence[str]) -> list[str]:
    """Truncate each text to the characters that are read."""
    return [text[:_LONGEST_TEXT] for text in texts]


def joined(texts: Sequence[str], pairs: Sequence[str] | None) -> list[str]:
    """Join each text with its second one, if there are any, both truncated."""
    if pairs is None:
        return cut(texts)
    return [f"{text}\n{pair}" for text, pair in zip(cut(texts), cut(pairs), strict=True)]


def affordable_rows(texts: Sequence[str], *, n_outputs: int) -> NDArray[np.int64]:
    """Return the rows to train on, in order: all, or as many drawn at random as the work allows.

    Args:
        texts: truncated. ``[rows]``
        n_outputs: number of outputs; the work is proportional to it.
    """
    work = sum(map(len, texts)) * n_outputs
    if work <= _MOST_WORK:
        return np.arange(len(texts))
    n_kept = max(1, int(len(texts) * _MOST_WORK / work))
    return np.sort(np.random.default_rng(0).choice(len(texts), size=n_kept, replace=False))


class Tfidf:
    """TF-IDF of words and, for little text, of character n-grams; the vocabulary is that of the training texts.

    Args:
        texts: to train on, truncated. ``[rows]``
        n_outputs: number of outputs that each feature will have a weight for.
    """

    def __init__(self, texts: Sequence[str], *, n_outputs: int) -> None:
        self._kinds = [_Kind(token_pattern=WORD, ngram_range=(1, 2))]
        if sum(map(len, texts)) <= MOST_FOR_NGRAMS:
            self._kinds.append(_Kind(analyzer="char_wb", ngram_range=(2, 4)))
        most = min(MOST_FEATURES, _MOST_WEIGHTS // n_outputs)
        # Kept, because counting takes most of the time.
        self.features = hstack([kind.fit(texts, most=most) for kind in self._kinds], format="csr")
        """Of the training texts, ``[rows, features]``."""

    def __call__(self, texts: Sequence[str]) -> csr_matrix:
        """Compute the features of other, truncated texts, ``[rows, features]``."""
        return hstack([kind(texts) for kind in self._kinds], format="csr")


class _Kind:
    """TF-IDF of one kind of hashed features, the most frequent ones of the training texts."""

    def __init__(self, **options: Any) -> None:
        self._vectorizer = HashingVectorizer(n_features=_HASHES, norm=None, alternate_sign=False, **options)
        self._weighting = TfidfTransformer(sublinear_tf=True)
        self._columns = np.empty(0, dtype=np.int64)

    def fit(self, texts: Sequence[str], *, most: int) -> csr_matrix:
        """Choose the columns and weight them, ``[rows, features]``."""
        counts = self._vectorizer.transform(texts)
        frequency = np.bincount(counts.indices, minlength=_HASHES)
        # One empty column if there is nothing: scikit-learn refuses a matrix without columns.
        n_columns = max(1, min(most, np.count_nonzero(frequency)))
        self._columns = np.sort(np.argsort(-frequency, kind="stable")[:n_columns])
        return self._weighting.fit_transform(counts[:, self._columns])

    def __call__(self, texts: Sequence[str]) -> csr_matrix:
        return self._weighting.transform(self._vectorizer.transform(texts)[:, self._columns])
