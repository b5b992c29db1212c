"""Measure the recommended candidate on the test examples, once: they took no part in choosing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from datasets import Dataset

from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.features import features_answers
from toolkit.choose.measure.measurement import Measurement
from toolkit.choose.measure.own_process import KilledError, OutOfTimeError, in_own_process
from toolkit.choose.measure.reasons import killed, reason_of
from toolkit.choose.measure.runs import run_answers
from toolkit.choose.measure.work import Work
from toolkit.choose.measure.written import open_measured
from toolkit.choose.measure.zero_shot import zero_shot_answers
from toolkit.names import Method, method_of
from toolkit.tasks.judge import Answered

_FEWEST = 20
_SPARE = 0.6  # of the time that is left is for reading the rows; the rest for opening the model, and for chance

_ANSWER: dict[Method, Callable[[Work, Candidate, Measurement, Dataset], list[Any]]] = {
    **dict.fromkeys(Method, run_answers),
    Method.ZERO_SHOT: zero_shot_answers,
    Method.FEATURES: features_answers,
}
"""The function by which a measured method answers other examples; methods of training share one."""


@dataclass(frozen=True)
class OnTest:
    """The recommended candidate and method on the test examples.

    Attributes:
        rows: the number of examples that were answered.
        value: of the metric that decided; None where it is undefined, or nothing was answered.
        interval: its 95 % interval.
        reason: why there is no value, or why not all examples were answered.
    """

    rows: int
    value: float | None
    interval: tuple[float, float] | None
    reason: str | None = None


def measure_on_test(work: Work, candidate: Candidate, result: Measurement) -> OnTest:
    """Answer the test examples, or evenly spaced ones where the time is too short for all of them.

    Args:
        work: the choice.
        candidate: the recommended one.
        result: its measurement on the validation examples.
    """
    left = work.budget.to_the_end()
    n_all = len(work.rows.test)
    n_rows = n_all if result.rate is None else min(n_all, max(_FEWEST, int(_SPARE * result.rate * left)))
    examples = work.rows.test
    if n_rows < n_all:
        examples = examples.select(np.linspace(0, n_all - 1, n_rows).astype(int).tolist())
    answer = partial(_answers, work, candidate, result, examples)
    try:
        answers = in_own_process(answer, seconds=left)
    except OutOfTimeError as error:
        answers = str(error)
    except KilledError as error:
        answers = str(killed(candidate, error)["reason"])
    if isinstance(answers, str):
        return OnTest(0, None, None, answers)
    judge = work.rows.judge_of(examples)
    few = None if len(examples) == n_all else f"{len(examples):,} of {n_all:,} rows: the budget allowed no more"
    return OnTest(len(examples), judge.value(Answered(answers)), judge.interval(Answered(answers)), few)


def baseline_on_test(work: Work, name: str) -> OnTest:
    """Measure a baseline on the test examples, after learning from all that are for training.

    Args:
        work: the choice.
        name: of the baseline.
    """
    judge = work.rows.judge_of(work.rows.test)
    try:
        answers = in_own_process(partial(_baseline_answers, work, name), seconds=work.budget.to_the_end())
    except (OutOfTimeError, KilledError) as error:
        answers = str(error)
    if isinstance(answers, str):
        return OnTest(0, None, None, answers)
    return OnTest(len(answers), judge.value(Answered(answers)), judge.interval(Answered(answers)))


def prepare_baselines(work: Work) -> None:
    """Answer the test examples by the baselines in a process of its own, for a run, which finds them in the cache.

    In the run itself they would take their memory beside that of the model.
    """
    with contextlib.suppress(OutOfTimeError, KilledError):
        in_own_process(partial(_baseline_answers, work, None), seconds=work.budget.to_the_end() / 2)


def _baseline_answers(work: Work, name: str | None) -> list[Any] | str:
    rows, test = work.rows, work.rows.test
    try:
        found = rows.judge_of(test).baselines(rows.data.train, test, key=rows.digest)  # the key of a run
    except BaseException as error:
        return reason_of(error)
    return next((baseline.values for baseline in found if baseline.name == name), [])


def _answers(work: Work, candidate: Candidate, result: Measurement, examples: Dataset) -> list[Any] | str:
    """Answer in a process of its own; return the reason where that fails, for the results so far are worth a page."""
    try:
        if work.rows.judge.generates:
            return work.rows.judge_of(examples).answers_by(open_measured(work, candidate, result), examples)
        return _ANSWER[method_of(str(result.method))](work, candidate, result, examples)
    except BaseException as error:
        return reason_of(error)
