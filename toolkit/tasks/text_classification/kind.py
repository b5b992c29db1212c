"""The interface of a kind of labels: what a text's room asks of one class, several labels, and a number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters.decision import USUAL, Decision
from toolkit.data import ClassificationData
from toolkit.errors import RecipeError
from toolkit.evaluation.baselines.as_code import LinearModel
from toolkit.evaluation.baselines.classes import Baseline
from toolkit.evaluation.decision.temperature import Temperature
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Problem
from toolkit.recipe import Recipe
from toolkit.run_result import Degenerate
from toolkit.tasks.interfaces import Chosen, Result
from toolkit.tasks.text_classification.mistakes import mistakes_in
from toolkit.tasks.text_classification.probabilities import choose_temperature, measure_temperature
from toolkit.training.losses import Loss

LabelPredictions = Predictions | LabelSetPredictions | NumberPredictions
"""What a model answers: one class, several labels, or a number."""


class LabelKind(ABC):
    """What depends on the kind of the labels.

    Attributes:
        problem: the library's name of the kind.
        slice_metric: what can be compared between parts of the rows. Averages over labels would count those that a
            part does not have.
        constant_baseline, tfidf_baseline: the answers that cost nothing.
        linear_model: of the second, as code.
        constant: the name of the first of them in metrics.json.
        compared: the metric by which a model is compared with it; the first one measured where this one was not.
    """

    problem: ClassVar[Problem]
    slice_metric: ClassVar[str]
    constant: ClassVar[str] = "majority"
    compared: ClassVar[str]
    constant_baseline: ClassVar[Callable[..., Baseline]]
    tfidf_baseline: ClassVar[Callable[..., Baseline]]
    linear_model: ClassVar[LinearModel]

    @abstractmethod
    def loss(self, recipe: Recipe, data: ClassificationData) -> Loss:
        """Return the loss that training minimises."""

    @abstractmethod
    def metrics_of_logits(
        self, logits: NDArray[Any], labels: NDArray[Any], names: Sequence[str]
    ) -> dict[str, float | None]:
        """Compute metrics while training, without intervals.

        Args:
            logits: ``[rows, n_labels]``
            labels: as the batches have them.
            names: of the metrics.
        """

    def known_rows(self, rows: Dataset) -> Dataset:
        """Leave out rows whose label training does not have: a loss has no value for them."""
        return rows

    @abstractmethod
    def predictions(
        self, outputs: torch.Tensor, rows: Dataset, *, labels: Sequence[str], decision: Decision = USUAL
    ) -> LabelPredictions:
        """Return what logits ``[rows, n_labels]`` say about rows, whose references go along where there are any."""

    def decide(self, recipe: Recipe, predictions: Any) -> Chosen:
        """Choose by predictions of the validation rows what shall follow from probabilities.

        Raises:
            RecipeError: such labels have no decision.
        """
        raise RecipeError(f"{self.problem} has no thresholds", where="evaluation")

    def temperature(self, predictions: Any) -> Temperature | None:
        """Find the temperature of predictions of the validation rows; None where there are no probabilities."""
        return choose_temperature(predictions)

    def measure_temperature(self, predictions: Any, temperature: float, *, kept: bool) -> dict[str, Any]:
        """Measure predictions of the test rows with a temperature and without it; as `TaskRoom.measure_temperature`."""
        return measure_temperature(predictions, temperature, kept=kept)

    @abstractmethod
    def evaluate(self, predictions: Any, metrics: Sequence[str]) -> Result:
        """Measure predictions that have references."""

    @abstractmethod
    def measure_baseline(
        self, predictions: Any, data: ClassificationData, metrics: Sequence[str]
    ) -> dict[str, MetricValue]:
        """Measure a baseline's predictions of the test rows."""

    @abstractmethod
    def columns_of(self, predictions: NDArray[Any], labels: Sequence[str]) -> dict[str, list[Any]]:
        """Return a baseline's predictions as the columns that hold a model's in ``predictions.parquet``.

        Args:
            predictions: as of `toolkit.evaluation.baselines.classes.Baseline`.
            labels: of the training data.
        """

    @abstractmethod
    def count_labels(self, rows: Dataset, labels: Sequence[str]) -> dict[str, Any]:
        """Return ``{"labels": {name: rows}}``, or of numbers ``{"scores": {"min", "mean", "sd", "max"}}``."""

    @abstractmethod
    def published(self, rows: Dataset, labels: Sequence[str]) -> Dataset:
        """Return rows as others read them, their labels by name."""

    def samples(self, columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
        """Return rows to look at from the columns of written predictions: the most confident mistakes."""
        return mistakes_in(columns)

    def label_slices(self, predictions: Any) -> dict[str, NDArray[np.int64]]:
        """Return the rows that have each label."""
        return {}

    @abstractmethod
    def references(self, predictions: Any) -> NDArray[Any]:
        """Return the right answers as numbers, a row each."""

    def degenerate(
        self, predictions: Any, metrics: Mapping[str, MetricValue], baselines: Mapping[str, Mapping[str, MetricValue]]
    ) -> Degenerate | None:
        """Return why predictions show nothing learnt; None where they show something.

        Args:
            predictions: of the test rows.
            metrics: measured on them, with their intervals.
            baselines: the same metrics of each baseline.
        """
        if _is_constant(predictions.predicted) and not _is_constant(self.references(predictions)):
            return Degenerate.ONE_ANSWER
        name = self.compared if self.compared in metrics else next(iter(metrics))
        ours, theirs = metrics[name], baselines.get(self.constant, {}).get(name)
        if theirs is None or ours.ci95 is None or name in ("mse", "mae"):
            return None
        # A constant has no correlation, which counts as 0.
        return Degenerate.NOT_ABOVE_CONSTANT if ours.ci95[0] <= (theirs.value or 0.0) < 1.0 else None

    @abstractmethod
    def golden_answers(self, predictions: Any) -> list[dict[str, Any]]:
        """Return the answers as golden rows keep them."""


def _is_constant(rows: NDArray[Any]) -> bool:
    """Return whether all rows are the same, numbers but for rounding."""
    return len(rows) < 2 or bool(np.isclose(rows.astype(np.float64), rows[0], rtol=1e-6, atol=1e-9).all())
