"""Baselines for label sets: the most frequent set, and one logistic regression a label on TF-IDF."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.baselines.classes import Baseline, blocks, fit_logistic, left_out
from toolkit.evaluation.baselines.tfidf import Tfidf, affordable_rows, joined
from toolkit.evaluation.metrics.label_sets import as_sets


def majority_set_baseline(train_labels: ArrayLike, n_test: int) -> Baseline:
    """Predict the most frequent set of labels of the training data for every row; of equals the smallest one.

    Args:
        train_labels: 1 or 0 for each row and label. ``[train rows, n_labels]``
        n_test: number of rows to predict.
    """
    start = time.perf_counter()
    sets, counts = np.unique(as_sets(train_labels, "labels"), axis=0, return_counts=True)
    frequent = sets[counts == counts.max()]
    chosen = frequent[np.argmin(frequent.sum(axis=1))]
    return Baseline("majority", np.tile(chosen, (n_test, 1)), time.perf_counter() - start)


def tfidf_sets_baseline(
    train_texts: Sequence[str],
    train_labels: ArrayLike,
    test_texts: Sequence[str],
    *,
    train_pairs: Sequence[str] | None = None,
    test_pairs: Sequence[str] | None = None,
) -> Baseline:
    """Fit one logistic regression a label on TF-IDF features; a label of no row or of every row is predicted so.

    Args:
        train_texts: ``[train rows]``
        train_labels: 1 or 0 for each row and label. ``[train rows, n_labels]``
        test_texts: ``[test rows]``
        train_pairs, test_pairs: second texts; joined to the first ones.

    Returns:
        The predictions, with a note if training rows were left out, or if there was nothing to learn from and the
        majority was predicted.
    """
    start = time.perf_counter()
    labels = as_sets(train_labels, "labels")
    texts, tests = joined(train_texts, train_pairs), joined(test_texts, test_pairs)
    kept = affordable_rows(texts, n_outputs=labels.shape[1])
    predictions = _fit_and_predict([texts[row] for row in kept], labels[kept], tests)
    note = left_out(len(kept), len(labels))
    if predictions is None:
        predictions = majority_set_baseline(labels, len(tests)).predictions
        note = "the training data has one set of labels, or only blank texts: predicts the majority"
    return Baseline("tfidf-logistic", predictions, time.perf_counter() - start, note)


def _fit_and_predict(texts: Sequence[str], labels: NDArray[np.bool_], tests: Sequence[str]) -> NDArray[np.bool_] | None:
    """Train and predict; return None if there is nothing to learn from."""
    n_labels = labels.shape[1]
    tfidf = Tfidf(texts, n_outputs=n_labels)
    varied = [label for label in range(n_labels) if 0 < np.count_nonzero(labels[:, label]) < len(labels)]
    if tfidf.features.nnz == 0 or not varied:
        return None
    models = {label: fit_logistic(tfidf.features, labels[:, label]) for label in varied}
    predictions = np.tile(labels[0], (len(tests), 1))
    for block in blocks(len(tests)):
        features = tfidf(tests[block])
        for label, model in models.items():
            predictions[block, label] = model.predict(features)
    return predictions
