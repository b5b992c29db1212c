"""A model measured on rows, whatever its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.data import ClassificationData, TextData
from toolkit.evaluation.compare import measure_baselines
from toolkit.evaluation.compare_texts import measure_text_baselines
from toolkit.evaluation.predict import predict
from toolkit.evaluation.predictions import Predictions
from toolkit.evaluation.result import Evaluation, MetricValue, evaluate_predictions
from toolkit.evaluation.text_predictions import TextPredictions
from toolkit.evaluation.text_result import TextEvaluation
from toolkit.evaluation.texts import ScoredTexts, evaluate_on_texts
from toolkit.names import Task


@dataclass(frozen=True, eq=False)
class Measured:
    """What a model gave on some rows, and what came out.

    Attributes:
        predictions: row by row; for models that only score texts, the scores.
        evaluation: the metrics and what else is to be known.
    """

    predictions: Predictions | TextPredictions | ScoredTexts
    evaluation: Evaluation | TextEvaluation

    def samples(self) -> list[dict[str, Any]]:
        """Rows to look at: a classifier's most confident mistakes, or texts beside what was written."""
        chosen = self.evaluation.mistakes if isinstance(self.evaluation, Evaluation) else self.evaluation.samples
        return [asdict(row) for row in chosen]


def measure_on(rows: Dataset, opened: OpenedModel, *, task: Task, metrics: Sequence[str]) -> Measured:
    """Measure a model.

    Args:
        rows: as `toolkit.data` prepares them for the task, with references.
        opened: with the head that it was trained with.
        task: what it does.
        metrics: the task's, by name.
    """
    if task is not Task.TEXT_CLASSIFICATION:
        return Measured(*evaluate_on_texts(opened, rows, metrics=metrics))
    predictions = predict(opened, rows)
    return Measured(predictions, evaluate_predictions(predictions, metrics=metrics))


def free_baselines(data: ClassificationData | TextData, *, metrics: Sequence[str]) -> dict[str, dict[str, MetricValue]]:
    """What costs nothing, from the same training rows and on the same test rows.

    Args:
        data: its splits.
        metrics: the task's, by name.
    """
    if isinstance(data, TextData):
        return measure_text_baselines(data, metrics=metrics)
    return measure_baselines(data.train, data.test, n_labels=len(data.labels), metrics=metrics)
