"""The recipe's `training` section as `TrainingArguments`, and when to evaluate and to save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import TrainingArguments

from toolkit.recipe import Recipe
from toolkit.training.precision import computes_bf16_natively

Strategy = Literal["no", "epoch", "steps"]
"""The values of the library's ``eval_strategy`` and ``save_strategy``."""

# `Pace`, `BestModel` and `StepBatches` carry these out. The library saves an epoch's last checkpoint before it has
# evaluated that epoch, so a run that is resumed from it would miss an evaluation and choose another epoch.
# `Trackers` carries out ``report_to``, because the library closes its trackers before the test rows are measured.
HANDLED_BY_TOOLKIT = frozenset(
    {
        "eval_strategy",
        "eval_steps",
        "save_strategy",
        "save_steps",
        "load_best_model_at_end",
        "metric_for_best_model",
        "greater_is_better",
        "train_sampling_strategy",
        "report_to",
    }
)


def training_arguments(recipe: Recipe, folder: Path) -> TrainingArguments:
    """Return the library's arguments for a recipe.

    Args:
        recipe: checked.
        folder: for checkpoints.
    """
    values = {key: value for key, value in recipe.training.for_trainer().items() if key not in HANDLED_BY_TOOLKIT}
    on_cpu = bool(values.pop("use_cpu", False)) or not (torch.cuda.is_available() or torch.backends.mps.is_available())
    half = values.get("fp16", False)
    bf16 = recipe.training.bf16
    values |= {
        "output_dir": str(folder),
        "report_to": "none",
        "run_name": values.get("run_name") or folder.parent.name.removesuffix(".unfinished"),
        "seed": recipe.seed,
        "use_cpu": on_cpu,
        "bf16": (computes_bf16_natively() and not half) if bf16 == "auto" else bf16,
        "eval_strategy": "no",
        "save_strategy": "no",
        "disable_tqdm": True,
        "logging_nan_inf_filter": False,
        "remove_unused_columns": False,
        "dataloader_pin_memory": bool(values.get("dataloader_pin_memory", True)) and not on_cpu,
    }
    arguments = TrainingArguments(**values)
    # Several GPUs in one process mean DataParallel, where the library multiplies our loss by their number;
    # several GPUs are used with one process each.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


@dataclass(frozen=True)
class Schedule:
    """When to evaluate and when to save.

    Attributes:
        evaluate: never, at the end of epochs, or every `evaluate_steps`.
        evaluate_steps: optimizer updates, or below 1 a fraction of all of them.
        save: as `evaluate`.
        save_steps: as `evaluate_steps`.
    """

    evaluate: Strategy
    evaluate_steps: float
    save: Strategy
    save_steps: float

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Schedule:
        """Read the schedule of a recipe's ``training``."""
        return cls(
            evaluate=settings["eval_strategy"],
            evaluate_steps=settings["eval_steps"] or 0,
            save=settings["save_strategy"],
            save_steps=settings["save_steps"],
        )


def is_due(strategy: Strategy, every: float, *, step: int, max_steps: int, steps_per_epoch: int) -> bool:
    """Return True if an evaluation or a checkpoint is due after this step; at the end of training all are.

    Args:
        strategy: never, at the end of epochs, or every so many steps.
        every: steps, or below 1 a fraction of `max_steps`.
        step: optimizer updates done.
        max_steps: updates of the whole training.
        steps_per_epoch: updates of an epoch.
    """
    if strategy == "no":
        return False
    if step >= max_steps:
        return True
    if strategy == "epoch":
        return step % steps_per_epoch == 0
    interval = max(1, round(every * max_steps)) if every < 1 else int(every)
    return step % interval == 0
