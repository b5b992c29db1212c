"""Measure the baselines on the examples that decide: a model that is worth its cost beats them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.tasks.judge import Answered, BaselineAnswers


def measure_baselines(rows: Rows) -> list[Measurement]:
    """Measure the baselines of the task that need no pretrained model, on the validation examples.

    Args:
        rows: of the choice.
    """
    first = rows.judge.baselines(rows.learn, rows.judge_rows, key=f"choose-{rows.digest}-{len(rows.judge_rows)}")
    return [_measured(rows, baseline, list(baseline.values)) for baseline in first]


def measure_folds(rows: Rows, measured: Sequence[Measurement], *, seconds: float) -> list[Measurement]:
    """Measure baselines on the folds too, each after learning from all other examples that are not test ones.

    Args:
        rows: of the choice.
        measured: of `measure_baselines`.
        seconds: after which no further fold begins, nor one that would take longer.
    """
    started = time.monotonic()
    answers: dict[str, list[Any]] = {known.candidate: list(known.answers or ()) for known in measured}
    last, took = {}, sum(known.seconds for known in measured)
    for fold in range(len(rows.folds)):
        begun = time.monotonic()
        if begun - started + took > seconds:
            break
        for baseline in _of_fold(rows, fold):
            answers[baseline.name] += baseline.values
            last[baseline.name] = baseline
        took = time.monotonic() - begun
    return [
        _measured(rows, last[known.candidate], answers[known.candidate]) if known.candidate in last else known
        for known in measured
    ]


def _of_fold(rows: Rows, fold: int) -> list[BaselineAnswers]:
    learn = rows.joined(fold)
    held = rows.learn.select(rows.folds[fold])
    return rows.judge.baselines(learn, held, key=f"choose-{rows.digest}-{len(rows.judge_rows)}-fold{fold}")


def _measured(rows: Rows, baseline: BaselineAnswers, answers: list[Any]) -> Measurement:
    indices = None if len(answers) == len(rows.judged) else list(range(len(answers)))
    answered = Answered(answers, indices)
    return Measurement(
        candidate=baseline.name,
        stage=Stage.BASELINE,
        rows=indices,
        answers=answers,
        value=rows.judge.value(answered),
        interval=rows.judge.interval(answered),
        rows_learnt=len(rows.learn),
        seconds=round(baseline.seconds, 2),
        reason=baseline.note,
    )
