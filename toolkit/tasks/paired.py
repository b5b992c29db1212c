"""Compare answers of several models to the same rows: each metric on the same resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.paired import Metric, OnResamples, resample_together
from toolkit.names import Problem
from toolkit.tasks.interfaces import Answers, MeasuredBaseline
from toolkit.tasks.kept_answers import KeptAnswers
from toolkit.tasks.room import TaskRoom

NOT_KEPT = "what it is computed from is not kept in predictions.parquet"


@dataclass(frozen=True, eq=False)
class PairedMetrics:
    """Metrics of several models on the same rows.

    Attributes:
        resampled: of each metric that all models have, an entry a model.
        left_out: why another metric is not compared, by its name.
    """

    resampled: Mapping[str, Sequence[OnResamples]]
    left_out: Mapping[str, str]


def pair_metrics(answers: Sequence[KeptAnswers], names: Sequence[str]) -> PairedMetrics:
    """Compute metrics of several models on the same resamples of their rows.

    Args:
        answers: to the same rows in the same order, an entry a model.
        names: of the metrics.
    """
    answers, counts = _alike_together(answers)
    found: dict[str, list[Metric]] = {}
    left_out: dict[str, str] = {}
    for name in names:
        metrics = [each.metric(name, counts) for each in answers]
        known = [metric for metric in metrics if metric is not None]
        reasons = [answers[0].unlike(each, name) for each in answers[1:]]
        reason = next(filter(None, reasons), None) if len(known) == len(metrics) else NOT_KEPT
        if reason is None:
            found[name] = known
        else:
            left_out[name] = reason
    resampled = resample_together(list(found.values()), counts)
    return PairedMetrics(dict(zip(found, resampled, strict=True)), left_out)


def above_baselines(
    room: TaskRoom,
    answers: Answers,
    baselines: Mapping[str, MeasuredBaseline],
    *,
    labels: Sequence[str],
    problem: Problem | None,
) -> dict[str, dict[str, Difference]]:
    """Compute the paired difference between a model and each baseline, in each metric that both have.

    Args:
        room: of the task.
        answers: of the model to the test rows.
        baselines: on the same rows.
        labels, problem: as of `TaskRoom.kept_answers`.

    Returns:
        The model's value minus the baseline's, by baseline and metric.
    """
    if not baselines:
        return {}
    columns = room.compared_columns(answers)
    kept = [
        room.kept_answers({**columns, **own}, labels=labels, problem=problem)
        for own in ({}, *(baseline.columns for baseline in baselines.values()))
    ]
    names = list(dict.fromkeys(name for baseline in baselines.values() for name in baseline.metrics))
    resampled = pair_metrics(kept, names).resampled
    return {
        baseline: {
            name: difference
            for name in measured.metrics
            if name in resampled and (difference := resampled[name][0].minus(resampled[name][index])) is not None
        }
        for index, (baseline, measured) in enumerate(baselines.items(), start=1)
    }


def _alike_together(answers: Sequence[KeptAnswers]) -> tuple[list[KeptAnswers], NDArray[np.int64]]:
    """Return answers to one row of each kind that some metric of some model tells apart, and the number of its rows."""
    kinds = [each.kinds() for each in answers]
    known = [of_rows for of_rows in kinds if of_rows is not None]
    if len(known) < len(kinds):
        return list(answers), np.ones(len(answers[0]), dtype=np.int64)
    together = np.zeros(len(answers[0]), dtype=np.int64)
    for of_rows in known:
        together = np.unique(together * (int(of_rows.max(initial=0)) + 1) + of_rows, return_inverse=True)[1]
    _, first, counts = np.unique(together, return_index=True, return_counts=True)
    return [each.take(first) for each in answers], counts.astype(np.int64)
