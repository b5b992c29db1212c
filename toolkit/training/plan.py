"""The plan of a training, computed before its first step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import TrainingArguments

from toolkit.data.batches import StepBatches
from toolkit.recipe import Recipe
from toolkit.training.arguments import Schedule, training_arguments
from toolkit.training.objective import Objective


@dataclass(frozen=True)
class Plan:
    """The fixed facts of a training.

    Attributes:
        arguments: for the library's trainer.
        train_rows: encoded, with the index of each row as ``row``.
        validation_rows: encoded; None without such rows.
        batches: the rows of each micro-batch.
        schedule: when to evaluate and when to save.
        steps_per_epoch: optimizer updates of an epoch.
        max_steps: optimizer updates of the whole training.
        keeps_best: True if validation chooses the weights.
        averaged: number of last evaluations whose weights are averaged instead; None: none.
        metric: that validation chooses by.
        greater_is_better: True if a greater value of the metric is better.
    """

    arguments: TrainingArguments
    train_rows: Dataset
    validation_rows: Dataset | None
    batches: StepBatches
    schedule: Schedule
    steps_per_epoch: int
    max_steps: int
    keeps_best: bool
    averaged: int | None
    metric: str
    greater_is_better: bool


def plan_training(recipe: Recipe, objective: Objective, *, checkpoints: Path) -> Plan:
    """Divide the rows into batches and count the steps.

    Args:
        recipe: checked.
        objective: with its encoded rows.
        checkpoints: folder of the checkpoints.
    """
    settings: dict[str, Any] = recipe.training.for_trainer()
    arguments = training_arguments(recipe, checkpoints)
    train_rows = objective.train_rows
    batches = StepBatches(
        train_rows["length"],
        micro_batch=arguments.per_device_train_batch_size,
        micro_batches_per_step=arguments.gradient_accumulation_steps * arguments.world_size,
        strategy=settings["train_sampling_strategy"],
        seed=recipe.seed,
        tokens_per_batch=recipe.training.tokens_per_batch,
        packed=objective.packed,
    )
    micro_batches = math.ceil(len(batches) / arguments.world_size)
    steps_per_epoch = math.ceil(micro_batches / arguments.gradient_accumulation_steps)
    all_epochs = math.ceil(arguments.num_train_epochs * steps_per_epoch)
    metric = recipe.best_metric
    greater = settings["greater_is_better"]
    has_validation = objective.validation_rows is not None
    return Plan(
        arguments=arguments,
        train_rows=train_rows.add_column("row", np.arange(len(train_rows))),
        validation_rows=objective.validation_rows,
        batches=batches,
        schedule=Schedule.of(settings),
        steps_per_epoch=steps_per_epoch,
        max_steps=arguments.max_steps if arguments.max_steps > 0 else all_epochs,
        keeps_best=has_validation and bool(settings["load_best_model_at_end"]),
        averaged=recipe.training.average_checkpoints if has_validation else None,
        metric=metric,
        greater_is_better=metric not in objective.less_is_better if greater is None else bool(greater),
    )
