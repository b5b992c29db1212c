"""The free baselines, measured like the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.data import ClassificationData
from toolkit.evaluation.baselines.classes import Baseline, majority_baseline, tfidf_baseline
from toolkit.evaluation.baselines.kept import kept_baseline
from toolkit.evaluation.baselines.label_sets import majority_set_baseline, tfidf_sets_baseline
from toolkit.evaluation.baselines.numbers import mean_baseline, tfidf_ridge_baseline
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Problem
from toolkit.progress import warn
from toolkit.tasks.text_classification.class_result import measure
from toolkit.tasks.text_classification.label_set_result import measure_label_sets
from toolkit.tasks.text_classification.number_result import measure_numbers

_BASELINES = {
    Problem.SINGLE_LABEL: (majority_baseline, tfidf_baseline),
    Problem.MULTI_LABEL: (majority_set_baseline, tfidf_sets_baseline),
    Problem.REGRESSION: (mean_baseline, tfidf_ridge_baseline),
}


def measure_baselines(data: ClassificationData, *, metrics: Sequence[str]) -> dict[str, dict[str, MetricValue]]:
    """Train the baselines on the training examples and measure them on the test examples.

    Args:
        data: its splits; a label that training does not have is -1, or is not among the labels of its example.
        metrics: those of the problem, by name.
    """
    baselines = answer_by_baselines(data.train, data.test, problem=data.problem, key=f"{data.problem}-{data.digest}")
    for baseline in baselines:
        if baseline.note is not None:
            warn(f"baseline {baseline.name}: {baseline.note}")
    return {baseline.name: _measured(baseline, data, metrics) for baseline in baselines}


def answer_by_baselines(train: Dataset, rows: Dataset, *, problem: Problem, key: str) -> tuple[Baseline, Baseline]:
    """Predict examples by a constant, and by a linear model of TF-IDF features, which is kept in the cache.

    Args:
        train: the examples to learn from, with ``label``.
        rows: the examples to predict.
        problem: the kind of label.
        key: identifies the kind of label and both data sets, as part of a file name.
    """
    constant, on_tfidf = _BASELINES[problem]

    def predict_by_tfidf() -> Baseline:
        texts, asked = list(train["text"]), list(rows["text"])
        return on_tfidf(texts, train["label"], asked, train_pairs=_pairs(train), test_pairs=_pairs(rows))

    return constant(train["label"], len(rows)), kept_baseline(key, predict_by_tfidf)


def _pairs(rows: Dataset) -> list[str] | None:
    return list(rows["text_pair"]) if "text_pair" in rows.column_names else None


def _measured(baseline: Baseline, data: ClassificationData, metrics: Sequence[str]) -> dict[str, MetricValue]:
    rows: dict[str, Any] = {"predictions": baseline.predictions, "references": data.test["label"]}
    if data.problem is Problem.REGRESSION:
        return measure_numbers(metrics, **rows)
    if data.problem is Problem.MULTI_LABEL:
        return measure_label_sets(metrics, unknown=_unknown(data), **rows)
    return measure(metrics, n_labels=len(data.labels), **rows)


def _unknown(data: ClassificationData) -> NDArray[np.int64]:
    """How many labels of each test row training does not have, ``[rows]``."""
    known = set(data.labels)
    return np.array([len(set(names) - known) for names in data.test["label_names"]], dtype=np.int64)
