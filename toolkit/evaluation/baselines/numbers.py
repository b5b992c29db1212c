"""Baselines for numbers: the mean, and ridge regression on TF-IDF."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import Ridge

from toolkit.evaluation.baselines.classes import Baseline, blocks, left_out
from toolkit.evaluation.baselines.tfidf import Tfidf, affordable_rows, cut, joined
from toolkit.evaluation.metrics.numbers import as_numbers

REGULARISATION = 1.0
_REGULARISATION_OF_PAIRS = 10.0  # chosen once on the development rows of KorSTS


def mean_baseline(train_labels: ArrayLike, n_test: int) -> Baseline:
    """Predict the mean of the training data for every row.

    Args:
        train_labels: ``[train rows]``
        n_test: number of rows to predict.
    """
    start = time.perf_counter()
    mean = as_numbers(train_labels, "labels").mean()
    return Baseline("mean", np.full(n_test, mean), time.perf_counter() - start)


def tfidf_ridge_baseline(
    train_texts: Sequence[str],
    train_labels: ArrayLike,
    test_texts: Sequence[str],
    *,
    train_pairs: Sequence[str] | None = None,
    test_pairs: Sequence[str] | None = None,
) -> Baseline:
    """Fit ridge regression on TF-IDF features; only the choice of left-out rows is random.

    The features of a pair are those that both texts share, those that only one has, and the cosine of the two.

    Args:
        train_texts: ``[train rows]``
        train_labels: ``[train rows]``
        test_texts: ``[test rows]``
        train_pairs, test_pairs: second texts, if rows have two.

    Returns:
        The predictions, with a note if training rows were left out, or if there was nothing to learn from and the
        mean was predicted.
    """
    start = time.perf_counter()
    labels = as_numbers(train_labels, "labels")
    kept = affordable_rows(joined(train_texts, train_pairs), n_outputs=1)
    texts = [train_texts[row] for row in kept]
    pairs = None if train_pairs is None else [train_pairs[row] for row in kept]
    tfidf = Tfidf([*cut(texts), *cut(pairs or [])], n_outputs=1)
    note = left_out(len(kept), len(labels))
    if tfidf.features.nnz == 0:
        predictions = mean_baseline(labels, len(test_texts)).predictions
        note = "the training data has only blank texts: predicts the mean"
    else:
        features = _of_rows(tfidf, texts, pairs)
        strength = REGULARISATION if pairs is None else _REGULARISATION_OF_PAIRS
        model = Ridge(alpha=strength, solver="sparse_cg").fit(features, labels[kept])
        predictions = np.empty(len(test_texts))
        for block in blocks(len(test_texts)):
            seconds = None if test_pairs is None else test_pairs[block]
            predictions[block] = model.predict(_of_rows(tfidf, test_texts[block], seconds))
    return Baseline("tfidf-ridge", predictions, time.perf_counter() - start, note)


def _of_rows(tfidf: Tfidf, texts: Sequence[str], pairs: Sequence[str] | None) -> csr_matrix:
    """Compute the features of texts, or of pairs of texts, ``[rows, features]``."""
    first = tfidf(cut(texts))
    if pairs is None:
        return first
    second = tfidf(cut(pairs))
    shared = first.multiply(second).tocsr()
    return hstack(
        [abs(first - second), shared, csr_matrix(_cosine(first, second, shared)[:, np.newaxis])], format="csr"
    )


def _cosine(first: csr_matrix, second: csr_matrix, shared: csr_matrix) -> NDArray[np.float64]:
    lengths = np.sqrt(_row_sums(first.multiply(first)) * _row_sums(second.multiply(second)))
    return np.asarray(_row_sums(shared) / np.where(lengths > 0, lengths, 1.0))


def _row_sums(matrix: csr_matrix) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
