"""What a training learns: its encoded rows, how they become batches, the loss, and what validation measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from datasets import Dataset
from transformers import EvalPrediction

from toolkit.data import StepBatches
from toolkit.evaluation.metrics.numbers import LESS_IS_BETTER
from toolkit.training.losses import Loss

Collator: TypeAlias = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Objective:
    """What a training learns; training itself knows no task.

    Attributes:
        train_rows: encoded, with ``length``.
        validation_rows: encoded; None without such rows.
        row_ids: the source row of each row of `train_rows`, to name rows in messages.
        packed: whether the rows of a micro-batch lie behind each other in one row.
        collator: makes micro-batches, given the order of the rows.
        loss: of a micro-batch, as `Trainer` calls it.
        compute_metrics: what validation measures beside the loss; None: nothing.
        validate: measures a model on the validation rows, its ``loss`` first; None leaves it to `Trainer`.
        less_is_better: names of what validation measures of which less is better.
        facts: what is worth a line of log.jsonl about how validation measures.
    """

    train_rows: Dataset
    validation_rows: Dataset | None
    row_ids: Sequence[int]
    packed: bool
    collator: Callable[[StepBatches], Collator]
    loss: Loss
    compute_metrics: Callable[[EvalPrediction], dict[str, float | None]] | None = None
    validate: Callable[[torch.nn.Module], dict[str, float]] | None = None
    less_is_better: frozenset[str] = LESS_IS_BETTER | {"loss"}
    facts: Mapping[str, Any] = field(default_factory=dict)
