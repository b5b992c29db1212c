"""The recommended way on the test rows, once: they have chosen nothing, so that this number is honest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.deadline import within
from toolkit.choose.measure.features import features_answers
from toolkit.choose.measure.measurement import Measurement
from toolkit.choose.measure.runs import run_answers
from toolkit.choose.measure.work import Work, reason_of
from toolkit.choose.measure.zero_shot import zero_shot_answers
from toolkit.names import Method
from toolkit.tasks.judge import Answered

_FEWEST = 20


@dataclass(frozen=True)
class OnTest:
    """What the recommended way gives on the test rows.

    Attributes:
        rows: how many were answered.
        value: of the metric that decided; None where it is undefined, or nothing was answered.
        interval: its 95 % interval.
        reason: why there is none, or why not all rows were answered.
    """

    rows: int
    value: float | None
    interval: tuple[float, float] | None
    reason: str | None = None


def measure_on_test(work: Work, candidate: Candidate, made: Measurement) -> OnTest:
    """Measure the recommended way; of more test rows than the time allows, some that are spread over all.

    Args:
        work: the choice.
        candidate: that is recommended.
        made: how it was measured.
    """
    left = max(2.0, work.budget.seconds - work.budget.spent())
    n_all = len(work.rows.test)
    n_rows = n_all if made.rate is None else min(n_all, max(_FEWEST, int(0.8 * made.rate * left)))
    asked = work.rows.test
    if n_rows < n_all:
        asked = asked.select(np.linspace(0, n_all - 1, n_rows).astype(int).tolist())
    try:
        with within(1.5 * left):
            answers = _answers(work, candidate, made, asked)
    except Exception as error:  # whatever it is, what was measured before is worth its page
        return OnTest(0, None, None, reason_of(error))
    judge = work.rows.judge_of(asked)
    few = None if len(asked) == n_all else f"{len(asked):,} of {n_all:,} rows: the budget allowed no more"
    return OnTest(len(asked), judge.value(Answered(answers)), judge.interval(Answered(answers)), few)


def _answers(work: Work, candidate: Candidate, made: Measurement, asked: Any) -> list[Any]:
    if made.method == Method.ZERO_SHOT:
        return zero_shot_answers(work, candidate, asked)
    if made.method == Method.FEATURES:
        return features_answers(work, candidate, made, asked)
    return run_answers(work, made, asked)
