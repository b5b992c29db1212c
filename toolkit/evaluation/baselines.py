"""What costs nothing: the largest class, and logistic regression on TF-IDF. A model has to beat both.

Features are hashed, so that the vocabulary of a million rows takes no more memory than that of a thousand.
Words and pairs of words are counted; a character of a script that is written without spaces, or that glues
endings to its words (Chinese, Japanese, Korean, Thai …), counts as a word. Where the text is short enough for
it, pieces of two to four characters are added: they see endings and misspellings.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

# Thai, Lao, Myanmar, Khmer; Hangul; Kana; Han; and their half-width forms.
_CHARACTER_SCRIPTS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
    "\u3040-\u30ff\uff66-\uff9f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_WORD = rf"[{_CHARACTER_SCRIPTS}]|[^\W{_CHARACTER_SCRIPTS}]+"

_HASHES = 2**18
_LONGEST_TEXT = 2_000  # characters of a text that are read
_MOST_FOR_PIECES = 5_000_000  # characters of all training texts up to which pieces of words are added
_MOST_WORK = 50_000_000  # characters times outputs, which bounds time (about 20 s on one core) and memory
_MOST_FEATURES = 20_000  # of a kind, the most frequent ones
_MOST_WEIGHTS = 1_000_000  # of a kind; the optimizer keeps about 25 copies
_PREDICTED_AT_ONCE = 10_000  # rows
_REGULARISATION = 2.0  # the inverse of its strength; chosen once on Rotten Tomatoes and Banking77
_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class Baseline:
    """A baseline's answer.

    Attributes:
        name: ``majority`` or ``tfidf-logistic``.
        predictions: label numbers. ``[rows]``
        seconds: wall time to train and predict.
        note: what was not as the name says, for the report.
    """

    name: str
    predictions: NDArray[np.int64]
    seconds: float
    note: str | None = None


def majority_baseline(train_labels: ArrayLike, n_test: int) -> Baseline:
    """Give every row the most frequent label of the training data, the first one of equals.

    Args:
        train_labels: label numbers from 0. ``[train rows]``
        n_test: rows to predict.
    """
    start = time.perf_counter()
    label = np.bincount(np.asarray(train_labels)).argmax()
    return Baseline("majority", np.full(n_test, label, dtype=np.int64), time.perf_counter() - start)


def tfidf_baseline(
    train_texts: Sequence[str],
    train_labels: ArrayLike,
    test_texts: Sequence[str],
    *,
    train_pairs: Sequence[str] | None = None,
    test_pairs: Sequence[str] | None = None,
) -> Baseline:
    """Logistic regression on TF-IDF features; nothing is tuned and nothing is random but the rows left out.

    Args:
        train_texts: ``[train rows]``
        train_labels: label numbers from 0. ``[train rows]``
        test_texts: ``[test rows]``
        train_pairs: second texts; joined to the first ones. ``[train rows]``
        test_pairs: second texts of the rows to predict. ``[test rows]``

    Returns:
        The predictions; with a note where not all training rows were used, or where there was nothing to
        learn from and the majority was predicted.
    """
    start = time.perf_counter()
    labels = np.asarray(train_labels, dtype=np.int64)
    texts, tests = _read(train_texts, train_pairs), _read(test_texts, test_pairs)
    kept = _affordable_rows(texts, labels)
    predictions = _fit_and_predict([texts[row] for row in kept], labels[kept], tests)
    note = None if len(kept) == len(labels) else f"trained on {len(kept)} of {len(labels)} rows"
    if predictions is None:
        predictions = majority_baseline(labels, len(tests)).predictions
        note = "the training data has one label, or only blank texts: predicts the majority"
    return Baseline("tfidf-logistic", predictions, time.perf_counter() - start, note)


def _read(texts: Sequence[str], pairs: Sequence[str] | None) -> list[str]:
    """Join pairs and cut what is too long."""
    cut = [text[:_LONGEST_TEXT] for text in texts]
    if pairs is None:
        return cut
    return [f"{text}\n{pair[:_LONGEST_TEXT]}" for text, pair in zip(cut, pairs, strict=True)]


def _affordable_rows(texts: Sequence[str], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows to train on, in order: all, or as many drawn at random as the work allows."""
    n_labels = len(np.unique(labels))
    n_outputs = 1 if n_labels == 2 else n_labels
    work = sum(map(len, texts)) * n_outputs
    if work <= _MOST_WORK:
        return np.arange(len(texts))
    n_kept = max(1, int(len(texts) * _MOST_WORK / work))
    return np.sort(np.random.default_rng(0).choice(len(texts), size=n_kept, replace=False))


def _fit_and_predict(texts: Sequence[str], labels: NDArray[np.int64], tests: Sequence[str]) -> NDArray[np.int64] | None:
    """Train and predict; None where there is nothing to learn from."""
    n_labels = len(np.unique(labels))
    kinds = [_Kind(token_pattern=_WORD, ngram_range=(1, 2))]
    if sum(map(len, texts)) <= _MOST_FOR_PIECES:
        kinds.append(_Kind(analyzer="char_wb", ngram_range=(2, 4)))
    most = min(_MOST_FEATURES, _MOST_WEIGHTS // n_labels)
    features = hstack([kind.fit(texts, most=most) for kind in kinds], format="csr")
    if features.nnz == 0 or n_labels == 1:
        return None
    model = LogisticRegression(C=_REGULARISATION, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        # A baseline that stops a little short of its optimum is still one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features, labels)
    predictions = np.empty(len(tests), dtype=np.int64)
    for start in range(0, len(tests), _PREDICTED_AT_ONCE):
        block = slice(start, start + _PREDICTED_AT_ONCE)
        predictions[block] = model.predict(hstack([kind(tests[block]) for kind in kinds], format="csr"))
    return predictions


class _Kind:
    """TF-IDF of one kind of hashed features, the most frequent ones of the training texts."""

    def __init__(self, **options: Any) -> None:
        self._vectorizer = HashingVectorizer(n_features=_HASHES, norm=None, alternate_sign=False, **options)
        self._weighting = TfidfTransformer(sublinear_tf=True)
        self._columns = np.empty(0, dtype=np.int64)

    def fit(self, texts: Sequence[str], *, most: int) -> csr_matrix:
        """Choose the columns and weigh them, ``[rows, features]``."""
        counts = self._vectorizer.transform(texts)
        frequency = np.bincount(counts.indices, minlength=_HASHES)
        # One empty column where there is nothing: scikit-learn refuses a matrix without columns.
        n_columns = max(1, min(most, np.count_nonzero(frequency)))
        self._columns = np.sort(np.argsort(-frequency, kind="stable")[:n_columns])
        return self._weighting.fit_transform(counts[:, self._columns])

    def __call__(self, texts: Sequence[str]) -> csr_matrix:
        return self._weighting.transform(self._vectorizer.transform(texts)[:, self._columns])
