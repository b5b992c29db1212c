"""The result of a finished run, put together from its recipe, its data and its measurements."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import torch

from toolkit.adapters.open import model_size
from toolkit.methods import Used
from toolkit.names import Split
from toolkit.recipe import Recipe
from toolkit.run_result import BaselineResult, DataSummary, RunResult, SeenRows, SplitResult, TrainingSummary
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import MeasuredBaseline, TaskData
from toolkit.tasks.paired import above_baselines
from toolkit.training import Trained
from toolkit.trials.trial import environment


def outcome(
    recipe: Recipe,
    data: TaskData,
    used: Used,
    *,
    baselines: Mapping[str, MeasuredBaseline],
    slices: Mapping[str, Any],
    seen: SeenRows | None = None,
) -> RunResult:
    """Return the result of a run, without its example (docs/design.md, section 4.4).

    Args:
        recipe: checked.
        data: its rows.
        used: the model, measured on the test rows.
        baselines: on the same rows.
        slices: the metric on parts of these rows.
        seen: those of these rows that the model has learnt from.
    """
    room = room_of(recipe.task)
    differences = above_baselines(room, used.answers, baselines, labels=data.labels, problem=data.problem)
    of_baselines = {name: baseline.metrics for name, baseline in baselines.items()}
    return RunResult(
        task=recipe.task,
        family=used.family,
        model=recipe.model.label,
        revision=used.revision,
        method=recipe.method,
        seed=recipe.seed,
        labels=tuple(data.labels),
        problem=data.problem,
        splits=_splits(recipe, data, used, slices=slices, seen=seen),
        baselines={
            name: BaselineResult(rows=used.result.rows, metrics=metrics, differences=differences[name])
            for name, metrics in of_baselines.items()
        },
        training=_training(used.trained),
        data=DataSummary(
            source=data.source,
            digest=data.digest,
            pairs="text_pair" in data.train.column_names,
            warnings=(*data.warnings, *used.result.warnings, *(used.chosen.warnings if used.chosen else ())),
        ),
        cost={
            "train_seconds": round(used.trained.train_seconds, 2),
            "evaluate_seconds": round(used.evaluate_seconds, 2),
            "peak_memory_bytes": peak_memory_bytes(),
            "model_bytes": model_size(used.folder),
            **used.base_bytes,
        },
        environment=environment(),
        degenerate=room.degenerate(used.answers, used.result, of_baselines),
        decision=None if used.chosen is None else used.chosen.found,
        temperature=None if used.tempered is None else used.tempered.to_json(room, used.answers),
        parity=None if used.proof is None else {name: each.to_json() for name, each in used.proof.parity.items()},
    )


def _splits(
    recipe: Recipe, data: TaskData, used: Used, *, slices: Mapping[str, Any], seen: SeenRows | None
) -> dict[str, SplitResult]:
    """Return rows and labels of every split, and of the test rows also what was measured."""
    room = room_of(recipe.task)
    splits = {Split.TRAIN: data.train, Split.VALIDATION: data.validation}
    entries = {
        split.value: SplitResult(rows=len(rows), counts=room.count_labels(rows, data))
        for split, rows in splits.items()
        if rows is not None
    }
    test = SplitResult.of(used.result.to_json(), counts=room.count_labels(data.test, data), slices=slices, seen=seen)
    return {**entries, Split.TEST.value: test}


def _training(trained: Trained) -> TrainingSummary:
    return TrainingSummary(
        steps=trained.steps,
        best_step=trained.best_step,
        averaged_steps=tuple(trained.averaged_steps),
        skipped_steps=trained.skipped_steps,
        trainable=trained.parameters.trainable,
        total=trained.parameters.total,
        curve=tuple(trained.curve),
    )


def peak_memory_bytes() -> int:
    """Return the largest amount of main memory that this process has held, or on a GPU of its memory."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)  # macOS counts bytes, Linux kilobytes
