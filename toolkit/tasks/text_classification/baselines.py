"""The baselines of text classification, measured like the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import Dataset

from toolkit.data import ClassificationData
from toolkit.evaluation.baselines.classes import Baseline
from toolkit.evaluation.baselines.kept import kept_baseline
from toolkit.names import Problem
from toolkit.progress import warn
from toolkit.tasks.interfaces import MeasuredBaseline
from toolkit.tasks.text_classification.kinds import kind_of


def measure_baselines(data: ClassificationData, *, metrics: Sequence[str]) -> dict[str, MeasuredBaseline]:
    """Measure baselines that learn from the same rows on the same test rows.

    Args:
        data: its splits; a label that training does not have is -1, or is not among the labels of its row.
        metrics: those of the problem, by name.
    """
    kind = kind_of(data.problem)
    baselines = baseline_answers(data.train, data.test, problem=data.problem, key=f"{data.problem}-{data.digest}")
    for baseline in baselines:
        if baseline.note is not None:
            warn(f"baseline {baseline.name}: {baseline.note}")
    return {
        baseline.name: MeasuredBaseline(
            kind.measure_baseline(baseline.predictions, data, metrics),
            kind.columns_of(baseline.predictions, data.labels),
        )
        for baseline in baselines
    }


def baseline_answers(learn: Dataset, rows: Dataset, *, problem: Problem, key: str) -> tuple[Baseline, Baseline]:
    """Let both baselines answer rows: a constant, and a linear model on TF-IDF, which is kept under a key.

    Args:
        learn: labelled rows to learn from.
        rows: to answer.
        problem: the kind of label.
        key: what the answers depend on.
    """
    kind = kind_of(problem)

    def answer_by_tfidf() -> Baseline:
        pairs: dict[str, Any] = {"train_pairs": _pairs(learn), "test_pairs": _pairs(rows)}
        return kind.tfidf_baseline(list(learn["text"]), learn["label"], list(rows["text"]), **pairs)

    by_tfidf = kept_baseline(key, answer_by_tfidf)
    return kind.constant_baseline(learn["label"], len(rows)), by_tfidf


def _pairs(rows: Dataset) -> list[str] | None:
    return list(rows["text_pair"]) if "text_pair" in rows.column_names else None
