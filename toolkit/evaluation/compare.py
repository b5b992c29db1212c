"""The free baselines, measured like the model."""

from __future__ import annotations

from collections.abc import Sequence

from datasets import Dataset

from toolkit.evaluation.baselines import majority_baseline, tfidf_baseline
from toolkit.evaluation.result import MetricValue, measure
from toolkit.progress import warn


def measure_baselines(
    train: Dataset, test: Dataset, *, n_labels: int, metrics: Sequence[str]
) -> dict[str, dict[str, MetricValue]]:
    """What costs nothing, trained on the same rows and measured on the same test rows.

    Args:
        train: columns ``text``, perhaps ``text_pair``, and ``label``.
        test: the same; a label that training does not have is -1.
        n_labels: labels of the training data.
        metrics: keys of `toolkit.evaluation.metrics.METRICS`.
    """
    has_pairs = "text_pair" in train.column_names
    pairs = {"train_pairs": train["text_pair"], "test_pairs": test["text_pair"]} if has_pairs else {}
    baselines = (
        majority_baseline(train["label"], len(test)),
        tfidf_baseline(train["text"], train["label"], test["text"], **pairs),
    )
    for baseline in baselines:
        if baseline.note is not None:
            warn(f"baseline {baseline.name}: {baseline.note}")
    return {
        baseline.name: measure(metrics, predictions=baseline.predictions, references=test["label"], n_labels=n_labels)
        for baseline in baselines
    }
