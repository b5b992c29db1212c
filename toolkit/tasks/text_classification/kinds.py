"""The three kinds of labels that a text can have: one class, several labels, a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from datasets import ClassLabel, Dataset
from numpy.typing import NDArray

from toolkit.adapters.decision import USUAL, Decision
from toolkit.data import ClassificationData
from toolkit.errors import RecipeError, explain
from toolkit.evaluation.baselines.as_code import OF_CLASSES, OF_LABEL_SETS, OF_NUMBERS
from toolkit.evaluation.baselines.classes import majority_baseline, tfidf_baseline
from toolkit.evaluation.baselines.label_sets import majority_set_baseline, tfidf_sets_baseline
from toolkit.evaluation.baselines.numbers import mean_baseline, tfidf_ridge_baseline
from toolkit.evaluation.decision.thresholds import Scored, choose_for_labels, choose_for_two_classes
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions, joined
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.metrics.classes import compute_metrics
from toolkit.evaluation.metrics.label_sets import compute_label_set_metrics
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.evaluation.metrics.numbers import compute_number_metrics
from toolkit.names import Problem
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import Chosen, Result
from toolkit.tasks.text_classification.class_result import evaluate_predictions, measure
from toolkit.tasks.text_classification.decide import decide_by_thresholds, decide_to_abstain
from toolkit.tasks.text_classification.kind import LabelKind
from toolkit.tasks.text_classification.label_set_result import evaluate_label_sets, measure_label_sets
from toolkit.tasks.text_classification.mistakes import errors_in
from toolkit.tasks.text_classification.number_result import evaluate_numbers, measure_numbers
from toolkit.training.losses import ClassificationLoss, LabelSetLoss, Loss, SquaredErrorLoss, balanced_weights


class OneClass(LabelKind):
    """Each text has one class."""

    problem = Problem.SINGLE_LABEL
    slice_metric = "accuracy"
    compared = "accuracy"
    constant_baseline = staticmethod(majority_baseline)
    tfidf_baseline = staticmethod(tfidf_baseline)
    linear_model = OF_CLASSES

    def loss(self, recipe: Recipe, data: ClassificationData) -> Loss:
        """Return cross entropy, perhaps weighted by class and smoothed."""
        smoothing = recipe.training.for_trainer()["label_smoothing_factor"]
        return ClassificationLoss(class_weights=_class_weights(recipe, data), label_smoothing=smoothing)

    def metrics_of_logits(
        self, logits: NDArray[Any], labels: NDArray[Any], names: Sequence[str]
    ) -> dict[str, float | None]:
        """Compute metrics of the most probable class."""
        return compute_metrics(names, predictions=logits.argmax(axis=-1), references=labels, n_labels=logits.shape[-1])

    def known_rows(self, rows: Dataset) -> Dataset:
        """Leave out rows of a class that training does not have."""
        return rows.select(np.flatnonzero(np.asarray(rows["label"]) >= 0))

    def predictions(
        self, outputs: torch.Tensor, rows: Dataset, *, labels: Sequence[str], decision: Decision = USUAL
    ) -> Predictions:
        """Return the softmax of the logits as probabilities."""
        references = list(rows["reference"]) if "reference" in rows.column_names else None
        return Predictions(
            references=references,
            reference_labels=None if references is None else _indices(references, labels),
            labels=tuple(labels),
            probabilities=outputs.softmax(dim=-1).numpy(),
            decision=decision,
            **_inputs(rows),
        )

    def decide(self, recipe: Recipe, predictions: Any) -> Chosen:
        """Choose when to abstain, or the threshold of two classes."""
        asked = recipe.evaluation.abstain
        if asked is not None:
            return decide_to_abstain(predictions, asked)
        return decide_by_thresholds(_scored(predictions), choose_for_two_classes, str(recipe.evaluation.threshold))

    def evaluate(self, predictions: Any, metrics: Sequence[str]) -> Result:
        """Measure classes."""
        return evaluate_predictions(predictions, metrics=metrics)

    def measure_baseline(
        self, predictions: Any, data: ClassificationData, metrics: Sequence[str]
    ) -> dict[str, MetricValue]:
        """Measure predicted classes."""
        return measure(metrics, predictions=predictions, references=data.test["label"], n_labels=len(data.labels))

    def columns_of(self, predictions: NDArray[Any], labels: Sequence[str]) -> dict[str, list[Any]]:
        """Return the names of the classes."""
        return {"prediction": [labels[label] for label in predictions]}

    def published(self, rows: Dataset, labels: Sequence[str]) -> Dataset:
        """Return the column ``label`` of classes by name; as texts where a row has one that training does not."""
        rows = rows.remove_columns(["label"]).rename_column("reference", "label")
        if not set(rows.unique("label")) <= set(labels):
            return rows
        return rows.cast_column("label", ClassLabel(names=list(labels)))

    def count_labels(self, rows: Dataset, labels: Sequence[str]) -> dict[str, Any]:
        """Count the rows of each class, in the order of the labels."""
        return _counted(rows["reference"], labels)

    def label_slices(self, predictions: Predictions) -> dict[str, NDArray[np.int64]]:
        """Return the rows of each class, those of classes that training does not have among none."""
        references = np.asarray(predictions.reference_labels)
        known = np.flatnonzero(references >= 0)
        by_class = known[np.argsort(references[known], kind="stable")]
        sizes = np.bincount(references[known], minlength=len(predictions.labels))
        return dict(zip(predictions.labels, np.split(by_class, np.cumsum(sizes)[:-1]), strict=True))

    def references(self, predictions: Predictions) -> NDArray[Any]:
        """Return the index of each class."""
        return np.asarray(predictions.reference_labels)

    def golden_answers(self, predictions: Predictions) -> list[dict[str, Any]]:
        """Return the class and the probability of each."""
        rows = _probable(predictions.answers, predictions.probabilities)
        decision, of_predicted = predictions.decision, predictions.confidence
        if decision.abstains:
            return _with_margin(rows, np.abs(of_predicted - decision.abstain_below))
        if decision.thresholds:
            return _with_margin(rows, np.abs(predictions.probabilities[:, 1] - decision.thresholds[1]))
        return rows


class SeveralLabels(LabelKind):
    """Each text has any number of labels."""

    problem = Problem.MULTI_LABEL
    slice_metric = "f1_micro"
    compared = "f1"
    constant_baseline = staticmethod(majority_set_baseline)
    tfidf_baseline = staticmethod(tfidf_sets_baseline)
    linear_model = OF_LABEL_SETS

    def loss(self, recipe: Recipe, data: ClassificationData) -> Loss:
        """Return binary cross entropy of each label."""
        return LabelSetLoss()

    def metrics_of_logits(
        self, logits: NDArray[Any], labels: NDArray[Any], names: Sequence[str]
    ) -> dict[str, float | None]:
        """Compute metrics of the labels with a probability of 0.5, a logit of 0, or more."""
        return compute_label_set_metrics(names, predictions=logits >= 0, references=labels > 0.5)

    def predictions(
        self, outputs: torch.Tensor, rows: Dataset, *, labels: Sequence[str], decision: Decision = USUAL
    ) -> LabelSetPredictions:
        """Return the sigmoid of each logit as its probability."""
        names = list(rows["label_names"]) if "label_names" in rows.column_names else None
        return LabelSetPredictions(
            references=None if names is None else [None if each is None else tuple(each) for each in names],
            labels=tuple(labels),
            probabilities=outputs.sigmoid().numpy(),
            decision=decision,
            **_inputs(rows),
        )

    def decide(self, recipe: Recipe, predictions: Any) -> Chosen:
        """Choose the threshold of each label, or one for all."""
        scored = Scored(predictions.probabilities, predictions.reference_sets, predictions.unknown)
        return decide_by_thresholds(scored, choose_for_labels, str(recipe.evaluation.threshold))

    def evaluate(self, predictions: Any, metrics: Sequence[str]) -> Result:
        """Measure sets of labels."""
        return evaluate_label_sets(predictions, metrics=metrics)

    def measure_baseline(
        self, predictions: Any, data: ClassificationData, metrics: Sequence[str]
    ) -> dict[str, MetricValue]:
        """Measure predicted sets of labels."""
        known = set(data.labels)
        unknown = np.array([len(set(names) - known) for names in data.test["label_names"]], dtype=np.int64)
        return measure_label_sets(metrics, predictions=predictions, references=data.test["label"], unknown=unknown)

    def columns_of(self, predictions: NDArray[Any], labels: Sequence[str]) -> dict[str, list[Any]]:
        """Return the names of the labels that are given, joined."""
        return {
            "prediction": [joined([labels[label] for label in np.flatnonzero(row).tolist()]) for row in predictions]
        }

    def published(self, rows: Dataset, labels: Sequence[str]) -> Dataset:
        """Return the column ``labels``, a list of names."""
        return rows.remove_columns(["label", "reference"]).rename_column("label_names", "labels")

    def count_labels(self, rows: Dataset, labels: Sequence[str]) -> dict[str, Any]:
        """Count the rows that have each label, in the order of the labels."""
        return _counted([name for names in rows["label_names"] for name in names], labels)

    def label_slices(self, predictions: LabelSetPredictions) -> dict[str, NDArray[np.int64]]:
        """Return the rows that have each label, perhaps beside others."""
        columns = map(np.flatnonzero, predictions.reference_sets.T)
        return dict(zip(predictions.labels, columns, strict=True))

    def references(self, predictions: LabelSetPredictions) -> NDArray[Any]:
        """Return 1 for each label that applies."""
        return np.asarray(predictions.reference_sets)

    def golden_answers(self, predictions: LabelSetPredictions) -> list[dict[str, Any]]:
        """Return the labels that are given, and the probability of each."""
        given = [[predictions.labels[label] for label in np.flatnonzero(row)] for row in predictions.predicted]
        rows, thresholds = _probable(given, predictions.probabilities), predictions.decision.thresholds
        return _with_margin(rows, np.abs(predictions.probabilities - thresholds).min(axis=1)) if thresholds else rows


class Number(LabelKind):
    """Each text has a number."""

    problem = Problem.REGRESSION
    slice_metric = "mae"
    constant = "mean"
    compared = "pearson"
    constant_baseline = staticmethod(mean_baseline)
    tfidf_baseline = staticmethod(tfidf_ridge_baseline)
    linear_model = OF_NUMBERS

    def loss(self, recipe: Recipe, data: ClassificationData) -> Loss:
        """Return the squared error."""
        return SquaredErrorLoss()

    def metrics_of_logits(
        self, logits: NDArray[Any], labels: NDArray[Any], names: Sequence[str]
    ) -> dict[str, float | None]:
        """Compute metrics of the model's one output."""
        return compute_number_metrics(names, predictions=logits.ravel(), references=labels.ravel())

    def predictions(
        self, outputs: torch.Tensor, rows: Dataset, *, labels: Sequence[str], decision: Decision = USUAL
    ) -> NumberPredictions:
        """Return the model's one output."""
        references = list(rows["reference"]) if "reference" in rows.column_names else None
        numbers = None
        if references is not None:
            numbers = np.array([np.nan if text is None else float(text) for text in references])
        return NumberPredictions(references=numbers, predicted=outputs[:, 0].double().numpy(), **_inputs(rows))

    def evaluate(self, predictions: Any, metrics: Sequence[str]) -> Result:
        """Measure numbers."""
        return evaluate_numbers(predictions, metrics=metrics)

    def measure_baseline(
        self, predictions: Any, data: ClassificationData, metrics: Sequence[str]
    ) -> dict[str, MetricValue]:
        """Measure predicted numbers."""
        return measure_numbers(metrics, predictions=predictions, references=data.test["label"])

    def columns_of(self, predictions: NDArray[Any], labels: Sequence[str]) -> dict[str, list[Any]]:
        """Return the numbers."""
        return {"prediction": predictions.tolist()}

    def published(self, rows: Dataset, labels: Sequence[str]) -> Dataset:
        """Return the column ``label`` of numbers."""
        return rows.remove_columns(["reference"])

    def count_labels(self, rows: Dataset, labels: Sequence[str]) -> dict[str, Any]:
        """Return how the numbers are spread."""
        scores = np.asarray(rows["label"], dtype=np.float64)
        if not len(scores):
            return {}
        spread = {"min": scores.min(), "mean": scores.mean(), "sd": scores.std(), "max": scores.max()}
        return {"scores": {name: float(value) for name, value in spread.items()}}

    def samples(self, columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
        """Return the largest errors."""
        return errors_in(columns)

    def temperature(self, predictions: NumberPredictions) -> None:
        """Return nothing: numbers have no probabilities."""

    def references(self, predictions: NumberPredictions) -> NDArray[Any]:
        """Return the numbers."""
        return np.asarray(predictions.references)

    def golden_answers(self, predictions: NumberPredictions) -> list[dict[str, Any]]:
        """Return the numbers."""
        return [{"value": float(number)} for number in predictions.predicted]


_KINDS: Mapping[Problem, LabelKind] = {kind.problem: kind for kind in (OneClass(), SeveralLabels(), Number())}


def kind_of(problem: Problem | None) -> LabelKind:
    """Return the kind of labels that a problem has.

    Raises:
        KeyError: None, or a problem that is none of text classification's.
    """
    return _KINDS[cast(Problem, problem)]


def _class_weights(recipe: Recipe, data: ClassificationData) -> torch.Tensor | None:
    wanted = recipe.training.class_weights
    if wanted is None:
        return None
    if wanted == "balanced":
        return balanced_weights(torch.tensor(data.train["label"]), len(data.labels))
    unknown = [name for name in wanted if name not in data.labels]
    if unknown:
        raise RecipeError(
            *(explain(f"there is no class {name!r}", allowed=data.labels, name=name) for name in unknown),
            where="training.class_weights",
        )
    return torch.tensor([float(wanted.get(label, 1.0)) for label in data.labels])


def _inputs(rows: Dataset) -> dict[str, Any]:
    pairs = list(rows["text_pair"]) if "text_pair" in rows.column_names else None
    return {"ids": list(rows["id"]), "texts": list(rows["text"]), "pairs": pairs}


def _counted(names: Sequence[str], labels: Sequence[str]) -> dict[str, Any]:
    counts = Counter(names)
    return {"labels": {name: counts[name] for name in labels}}


def _probable(given: Sequence[Any], probabilities: NDArray[np.floating[Any]]) -> list[dict[str, Any]]:
    shares = probabilities.astype(np.float64).tolist()
    return [{"prediction": label, "probabilities": row} for label, row in zip(given, shares, strict=True)]


def _with_margin(rows: list[dict[str, Any]], margins: NDArray[np.floating[Any]]) -> list[dict[str, Any]]:
    """Return golden answers that say how far their probabilities are from another decision."""
    return [{**row, "margin": float(margin)} for row, margin in zip(rows, margins, strict=True)]


def _scored(predictions: Predictions) -> Scored:
    """Return the rows of two classes with their probabilities."""
    references = np.asarray(predictions.reference_labels)
    truth = references[:, np.newaxis] == np.arange(len(predictions.labels))
    return Scored(predictions.probabilities, truth, np.asarray(references < 0, dtype=np.int64))


def _indices(references: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return the index of each reference among the labels, -1 for one that is not there. ``[rows]``."""
    index = {name: position for position, name in enumerate(labels)}
    return np.array([index.get(reference, -1) for reference in references], dtype=np.int64)
