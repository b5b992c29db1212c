"""Baselines for classes: the most frequent label, and logistic regression on TF-IDF."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from toolkit.evaluation.baselines.tfidf import Tfidf, affordable_rows, joined

_PREDICTED_AT_ONCE = 10_000  # rows
REGULARISATION = 2.0  # the inverse of its strength; chosen once on Rotten Tomatoes and Banking77
ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class Baseline:
    """The predictions of a baseline.

    Attributes:
        name: as in metrics.json: ``majority`` or ``mean``, ``tfidf-logistic`` or ``tfidf-ridge``.
        predictions: indices of labels ``[rows]``, True for the labels of each row ``[rows, n_labels]``, or numbers
            ``[rows]``.
        seconds: wall time to train and predict.
        note: a deviation from the method that the name stands for, for the report.
    """

    name: str
    predictions: NDArray[Any]
    seconds: float
    note: str | None = None


def majority_baseline(train_labels: ArrayLike, n_test: int) -> Baseline:
    """Predict the most frequent label of the training data for every row; of equals the first one.

    Args:
        train_labels: indices of labels. ``[train rows]``
        n_test: number of rows to predict.
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
    """Fit logistic regression on TF-IDF features; nothing is tuned, and only the choice of left-out rows is random.

    Args:
        train_texts: ``[train rows]``
        train_labels: indices of labels. ``[train rows]``
        test_texts: ``[test rows]``
        train_pairs: second texts; joined to the first ones. ``[train rows]``
        test_pairs: second texts of the rows to predict. ``[test rows]``

    Returns:
        The predictions, with a note if training rows were left out, or if there was nothing to learn from and the
        majority was predicted.
    """
    start = time.perf_counter()
    labels = np.asarray(train_labels, dtype=np.int64)
    texts, tests = joined(train_texts, train_pairs), joined(test_texts, test_pairs)
    n_labels = len(np.unique(labels))
    kept = affordable_rows(texts, n_outputs=1 if n_labels == 2 else n_labels)
    predictions = _fit_and_predict([texts[row] for row in kept], labels[kept], tests)
    note = left_out(len(kept), len(labels))
    if predictions is None:
        predictions = majority_baseline(labels, len(tests)).predictions
        note = "the training data has one label, or only blank texts: predicts the majority"
    return Baseline("tfidf-logistic", predictions, time.perf_counter() - start, note)


def left_out(n_kept: int, n_rows: int) -> str | None:
    """Return a note about training rows that were left out; None if there are none."""
    return None if n_kept == n_rows else f"trained on {n_kept} of {n_rows} rows"


def fit_logistic(features: Any, labels: NDArray[Any]) -> LogisticRegression:
    """Fit the logistic regression of the baselines; not reaching its optimum quite is no reason for a warning."""
    model = LogisticRegression(C=REGULARISATION, max_iter=ITERATIONS)
    # The products are small: several threads, which wait for each other, take twice the time of one.
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features, labels)


def blocks(n_rows: int) -> list[slice]:
    """Divide rows into blocks of bounded size."""
    return [slice(start, start + _PREDICTED_AT_ONCE) for start in range(0, n_rows, _PREDICTED_AT_ONCE)]


def _fit_and_predict(texts: Sequence[str], labels: NDArray[np.int64], tests: Sequence[str]) -> NDArray[np.int64] | None:
    """Train and predict; return None if there is nothing to learn from."""
    n_labels = len(np.unique(labels))
    tfidf = Tfidf(texts, n_outputs=n_labels)
    if tfidf.features.nnz == 0 or n_labels == 1:
        return None
    model = fit_logistic(tfidf.features, labels)
    predictions = np.empty(len(tests), dtype=np.int64)
    for block in blocks(len(tests)):
        predictions[block] = model.predict(tfidf(tests[block]))
    return predictions
