"""Measure the baselines on the examples that decide: a model that is worth its cost beats them."""

from __future__ import annotations

import time
from typing import Any

from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.tasks.judge import Answered, BaselineAnswers


def measure_baselines(rows: Rows, *, seconds: float) -> list[Measurement]:
    """Measure the baselines of the task that need no pretrained model.

    Args:
        rows: of the choice.
        seconds: after which no further fold begins; the validation examples are answered in any case.
    """
    started = time.monotonic()
    first = rows.judge.baselines(rows.learn, rows.judge_rows, key=f"choose-{rows.digest}-{len(rows.judge_rows)}")
    answers: dict[str, list[Any]] = {baseline.name: list(baseline.values) for baseline in first}
    took = time.monotonic() - started
    for fold in range(len(rows.folds)):
        begun = time.monotonic()
        if begun - started + took > seconds:
            break
        for baseline in _of_fold(rows, fold):
            answers[baseline.name] += baseline.values
        took = time.monotonic() - begun
    return [_measured(rows, baseline, answers[baseline.name]) for baseline in first]


def _of_fold(rows: Rows, fold: int) -> list[BaselineAnswers]:
    """Answer a fold by baselines that learnt from all other examples that are not test ones."""
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
