"""The content of ``metrics.json``: what a run measured, and what it cost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from toolkit.adapters.open import model_size
from toolkit.data import ClassificationData, TextData
from toolkit.names import Family, Split
from toolkit.recipe import Recipe
from toolkit.tasks.measured import LabelEvaluation
from toolkit.tasks.slices import count_labels
from toolkit.tasks.text_classification.class_result import Evaluation, MetricValue, metrics_to_json
from toolkit.tasks.texts.result import TextEvaluation
from toolkit.training import Trained
from toolkit.trials.ledger import environment

SCHEMA = 1
MOST_CLASSES_IN_A_MATRIX = 200


def outcome(
    recipe: Recipe,
    data: ClassificationData | TextData,
    *,
    family: Family,
    revision: str | None,
    trained: Trained,
    test: LabelEvaluation | TextEvaluation,
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
        "labels": list(data.labels) if isinstance(data, ClassificationData) else [],
        **({"problem": data.problem.value} if isinstance(data, ClassificationData) else {}),
        "splits": _splits(data, test),
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


def _splits(data: ClassificationData | TextData, test: LabelEvaluation | TextEvaluation) -> dict[str, Any]:
    """Rows and labels of every split; of the test rows also what was measured."""
    rows = {Split.TRAIN: data.train, Split.VALIDATION: data.validation, Split.TEST: data.test}
    results = {
        split.value: {
            "rows": len(part),
            **(
                count_labels(part, problem=data.problem, labels=data.labels)
                if isinstance(data, ClassificationData)
                else {}
            ),
        }
        for split, part in rows.items()
        if part is not None
    }
    results[Split.TEST.value] |= split_result(test)
    return results


def split_result(evaluation: LabelEvaluation | TextEvaluation) -> dict[str, Any]:
    """A split's entry: rows, metrics and, where it is of a size to look at, the confusion matrix."""
    result = evaluation.to_json()
    if not isinstance(evaluation, Evaluation):
        return result
    confusion = evaluation.confusion
    if len(confusion.labels) <= MOST_CLASSES_IN_A_MATRIX:
        counts = confusion.matrix()
        if not counts[-1].any():
            counts = counts[:-1]
        result["confusion"] = {"labels": list(confusion.labels), "counts": counts.tolist()}
    return result


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
