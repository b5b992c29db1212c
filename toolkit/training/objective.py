"""What a training learns: its encoded rows, how they become batches, the loss, and what validation measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from transformers import EvalPrediction

from toolkit.adapters import OpenedModel
from toolkit.data import ClassificationData, StepBatches, TextData
from toolkit.data.encode import PaddingCollator, encode
from toolkit.data.text_rows import encode_for, packer_for
from toolkit.errors import RecipeError, explain
from toolkit.evaluation.inference.likelihood import mean_loss
from toolkit.evaluation.metrics.classes import compute_metrics
from toolkit.evaluation.metrics.label_sets import compute_label_set_metrics
from toolkit.evaluation.metrics.numbers import LESS_IS_BETTER, compute_number_metrics
from toolkit.names import Problem
from toolkit.recipe import Recipe
from toolkit.training.losses import ClassificationLoss, LabelSetLoss, SquaredErrorLoss, TokenLoss, balanced_weights

Collator: TypeAlias = Callable[[Any], dict[str, Any]]
Loss: TypeAlias = Callable[..., torch.Tensor]


@dataclass(frozen=True)
class Objective:
    """What a training learns.

    Attributes:
        train_rows: encoded, with ``length``.
        validation_rows: encoded; None without such rows.
        packed: whether the rows of a micro-batch lie behind each other in one row.
        collator: makes micro-batches, given the order of the rows.
        loss: of a micro-batch, as `Trainer` calls it.
        compute_metrics: what validation measures beside the loss; None: nothing.
        validate: measures the loss of a model on the validation rows; None leaves it to `Trainer`.
        less_is_better: names of what validation measures of which less is better.
    """

    train_rows: Dataset
    validation_rows: Dataset | None
    packed: bool
    collator: Callable[[StepBatches], Collator]
    loss: Loss
    compute_metrics: Callable[[EvalPrediction], dict[str, float | None]] | None = None
    validate: Callable[[torch.nn.Module], dict[str, float]] | None = None
    less_is_better: frozenset[str] = LESS_IS_BETTER | {"loss"}


def objective_of(recipe: Recipe, data: ClassificationData | TextData, opened: OpenedModel) -> Objective:
    """The objective of a recipe's task.

    Args:
        recipe: what to do.
        data: its splits.
        opened: whose tokenizer encodes.

    Raises:
        RecipeError: if ``class_weights`` names a class that is not there.
    """
    if isinstance(data, ClassificationData):
        return _classification(recipe, data, opened)
    return _texts(recipe, data, opened)


def _classification(recipe: Recipe, data: ClassificationData, opened: OpenedModel) -> Objective:
    def compute(prediction: EvalPrediction) -> dict[str, float | None]:
        return measured(np.asarray(prediction.predictions), np.asarray(prediction.label_ids), recipe.metrics)

    measured = _MEASURED[data.problem]
    collator = PaddingCollator(int(opened.tokenizer.pad_token_id))
    return Objective(
        train_rows=encode(data.train, opened.tokenizer, max_length=opened.max_length),
        validation_rows=_known_validation_rows(data, opened),
        packed=False,
        collator=lambda _: collator,
        loss=_classification_loss(recipe, data),
        compute_metrics=compute,
    )


def _texts(recipe: Recipe, data: TextData, opened: OpenedModel) -> Objective:
    family, tokenizer = opened.family, opened.tokenizer

    def encoded(rows: Dataset) -> Dataset:
        return encode_for(family, rows, tokenizer, max_length=opened.max_length)

    validation_rows = None if data.validation is None else _numbered(encoded(data.validation))

    def validate(model: torch.nn.Module) -> dict[str, float]:
        return {"loss": mean_loss(model, validation_rows, packer_for(family, tokenizer))}

    return Objective(
        train_rows=encoded(data.train),
        validation_rows=validation_rows,
        packed=True,
        collator=lambda batches: packer_for(family, tokenizer, seed=recipe.seed, batches=batches),
        loss=TokenLoss(label_smoothing=recipe.training.for_trainer()["label_smoothing_factor"]),
        validate=validate,
    )


def _measured_classes(logits: NDArray[Any], labels: NDArray[Any], names: Sequence[str]) -> dict[str, float | None]:
    return compute_metrics(names, predictions=logits.argmax(axis=-1), references=labels, n_labels=logits.shape[-1])


def _measured_sets(logits: NDArray[Any], labels: NDArray[Any], names: Sequence[str]) -> dict[str, float | None]:
    # A logit of 0 is a probability of 0.5.
    return compute_label_set_metrics(names, predictions=logits >= 0, references=labels > 0.5)


def _measured_numbers(logits: NDArray[Any], labels: NDArray[Any], names: Sequence[str]) -> dict[str, float | None]:
    return compute_number_metrics(names, predictions=logits.ravel(), references=labels.ravel())


_MEASURED = {
    Problem.SINGLE_LABEL: _measured_classes,
    Problem.MULTI_LABEL: _measured_sets,
    Problem.REGRESSION: _measured_numbers,
}


def _classification_loss(recipe: Recipe, data: ClassificationData) -> Loss:
    if data.problem is Problem.MULTI_LABEL:
        return LabelSetLoss()
    if data.problem is Problem.REGRESSION:
        return SquaredErrorLoss()
    wanted = recipe.training.class_weights
    weights = None
    if wanted == "balanced":
        weights = balanced_weights(torch.tensor(data.train["label"]), len(data.labels))
    elif wanted is not None:
        unknown = [name for name in wanted if name not in data.labels]
        if unknown:
            raise RecipeError(
                *(explain(f"there is no class {name!r}", allowed=data.labels, name=name) for name in unknown),
                where="training.class_weights",
            )
        weights = torch.tensor([float(wanted.get(label, 1.0)) for label in data.labels])
    smoothing = recipe.training.for_trainer()["label_smoothing_factor"]
    return ClassificationLoss(class_weights=weights, label_smoothing=smoothing)


def _known_validation_rows(data: ClassificationData, opened: OpenedModel) -> Dataset | None:
    """Rows of classes that training does not have are left out: a loss has no value for them."""
    if data.validation is None:
        return None
    known = data.validation
    if data.problem is Problem.SINGLE_LABEL:
        known = known.select(np.flatnonzero(np.asarray(known["label"]) >= 0))
    if len(known) == 0:
        return None
    return _by_length(encode(known, opened.tokenizer, max_length=opened.max_length))


def _numbered(rows: Dataset) -> Dataset:
    """With the number of each row, from which it follows what is hidden of it."""
    return rows.add_column("row", np.arange(len(rows)))


def _by_length(rows: Dataset) -> Dataset:
    return rows.select(np.argsort(rows["length"], kind="stable"))
