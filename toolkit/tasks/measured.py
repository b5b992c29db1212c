"""A model measured on rows, whatever its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.data import ClassificationData, TextData
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predict import LabelPredictions, predict
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Task
from toolkit.tasks.text_classification.baselines import measure_baselines
from toolkit.tasks.text_classification.class_result import Evaluation, evaluate_predictions
from toolkit.tasks.text_classification.label_set_result import LabelSetEvaluation, evaluate_label_sets
from toolkit.tasks.text_classification.number_result import NumberEvaluation, evaluate_numbers
from toolkit.tasks.texts.baselines import measure_text_baselines
from toolkit.tasks.texts.measure import ScoredTexts, evaluate_on_texts
from toolkit.tasks.texts.result import TextEvaluation

LabelEvaluation: TypeAlias = Evaluation | LabelSetEvaluation | NumberEvaluation
"""What comes out of answers to rows that have labels."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a model gave on some rows, and what came out.

    Attributes:
        predictions: row by row; for models that only score texts, the scores.
        evaluation: the metrics and what else is to be known.
    """

    predictions: LabelPredictions | TextPredictions | ScoredTexts
    evaluation: LabelEvaluation | TextEvaluation

    def samples(self) -> list[dict[str, Any]]:
        """Rows to look at: the most confident mistakes, the largest errors, or texts beside what was written."""
        evaluation = self.evaluation
        chosen = evaluation.samples if isinstance(evaluation, TextEvaluation) else evaluation.mistakes
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
    return Measured(predictions, evaluate_labels(predictions, metrics=metrics))


def evaluate_labels(predictions: LabelPredictions, *, metrics: Sequence[str]) -> LabelEvaluation:
    """Evaluate predictions of whatever kind.

    Args:
        predictions: with references.
        metrics: those of their problem, by name.
    """
    if isinstance(predictions, LabelSetPredictions):
        return evaluate_label_sets(predictions, metrics=metrics)
    if isinstance(predictions, NumberPredictions):
        return evaluate_numbers(predictions, metrics=metrics)
    return evaluate_predictions(predictions, metrics=metrics)


def free_baselines(data: ClassificationData | TextData, *, metrics: Sequence[str]) -> dict[str, dict[str, MetricValue]]:
    """What costs nothing, from the same training rows and on the same test rows.

    Args:
        data: its splits.
        metrics: the task's, by name.
    """
    if isinstance(data, TextData):
        return measure_text_baselines(data, metrics=metrics)
    return measure_baselines(data, metrics=metrics)
