"""The content of ``metrics.json``: what a run measured, and what it cost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from toolkit.adapters.open import model_size
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json
from toolkit.names import Family, Split, Task
from toolkit.recipe import Recipe
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import Result, TaskData
from toolkit.training import Trained
from toolkit.trials.ledger import environment

SCHEMA = 1


def outcome(
    recipe: Recipe,
    data: TaskData,
    *,
    family: Family,
    revision: str | None,
    trained: Trained,
    test: Result,
    baselines: Mapping[str, Mapping[str, MetricValue]],
    model_folder: Path,
    evaluate_seconds: float,
) -> dict[str, Any]:
    """Everything that is known of a finished run, as JSON-able values (DESIGN.md 4.4)."""
    return {
        "schema": SCHEMA,
        "task": recipe.task.value,
        "family": family.value,
        "model": recipe.model.label,
        "revision": revision,
        "method": recipe.method.value,
        "seed": recipe.seed,
        "labels": list(data.labels),
        **({} if data.problem is None else {"problem": data.problem.value}),
        "splits": _splits(data, test, task=recipe.task),
        "baselines": {
            name: {"rows": test.rows, "metrics": metrics_to_json(values)} for name, values in baselines.items()
        },
        "training": {
            "steps": trained.steps,
            "best_step": trained.best_step,
            "averaged_steps": list(trained.averaged_steps),
            "skipped_steps": trained.skipped_steps,
            "parameters": {"trainable": trained.parameters.trainable, "total": trained.parameters.total},
            "curve": trained.curve,
        },
        "data": {
            "source": data.source,
            "digest": data.digest,
            "pairs": "text_pair" in data.train.column_names,
            "warnings": [*data.warnings, *test.warnings],
        },
        "cost": {
            "train_seconds": round(trained.train_seconds, 2),
            "evaluate_seconds": round(evaluate_seconds, 2),
            "peak_memory_bytes": peak_memory_bytes(),
            "model_bytes": model_size(model_folder),
        },
        "environment": environment(),
    }


def _splits(data: TaskData, test: Result, *, task: Task) -> dict[str, Any]:
    """Return rows and labels of every split, and of the test rows also what was measured."""
    splits = {Split.TRAIN: data.train, Split.VALIDATION: data.validation, Split.TEST: data.test}
    entries = {
        split.value: {"rows": len(rows), **room_of(task).count_labels(rows, data)}
        for split, rows in splits.items()
        if rows is not None
    }
    entries[Split.TEST.value] |= test.to_json()
    return entries


def peak_memory_bytes() -> int:
    """The most main memory that this process has held, or on a GPU the most of its memory."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)  # macOS counts bytes, Linux kilobytes
