"""Whether a training can change the decision: what features and earlier runs say about its gain, before it begins.

A training costs a hundred times what a head on frozen features costs. So it begins only where its result could be shown
to be better than the best result so far.
"""

from __future__ import annotations

import math

from toolkit.choose.measure.measurement import Measurement
from toolkit.evaluation.metrics.difference import Difference
from toolkit.tasks.judge import Judge

FEW_A_CLASS = 64
"""Training examples a class below which a training is not expected to beat a head on frozen features.

With 5 a class (150 intents) and 15 a class (banking77) no training changed the choice; with 225 (news) one did
(docs/experiments.md, 2026-11-27).
"""

REMOVED = 0.25
"""Share of the errors of a head on frozen features that a training is expected to remove.

MiniLM removed 34 % on Rotten Tomatoes with 7,000 rows to learn from, 27 % in one epoch, and about 15 % on news with
1,500 rows (docs/experiments.md, 2026-11-27).
"""

OF_DOUBLING = 0.5
"""What twice as long a run leaves of the distance to the highest value, at best."""

_TWO_SIDED = 1.96


def too_few_errors(best: Measurement, judge: Judge, *, n_judged: int) -> bool:
    """Return whether the gain that is expected of a training could not be shown on the examples that judge it.

    The changed answers are taken to be as many as there are errors, which gives the difference its standard error.

    Args:
        best: the best result so far.
        judge: whose metric has a highest value; else nothing is known.
        n_judged: examples that a run is judged by.
    """
    left = _left(best, judge)
    if left is None:
        return False
    return REMOVED * left < _TWO_SIDED * math.sqrt(left / n_judged)


def is_hopeless(result: Measurement, best: Measurement, judge: Judge, *, doublings: float) -> bool:
    """Return whether a run cannot become better than the best result, even if every doubling halves its distance.

    Args:
        result: of the run.
        best: the best result so far.
        judge: whose metric has a highest value; else nothing is known.
        doublings: of the run's length that the budget allows.
    """
    mine, others = _left(result, judge), _left(best, judge)
    if mine is None or others is None:
        return False
    return mine * math.pow(OF_DOUBLING, max(0.0, doublings)) > others


def is_beyond_doubt(difference: Difference | None) -> bool:
    """Return whether a difference is not chance by an interval of 99 %, so that more examples would hardly turn it.

    That interval is 1.3 times as wide as the one of 95 %: it leaves zero out where the latter leaves out a quarter.
    """
    if difference is None:
        return False
    quarter = difference.value / 4
    return difference.low > quarter > 0 or difference.high < quarter < 0


def _left(result: Measurement, judge: Judge) -> float | None:
    """Return the distance to the highest value; None where there is none."""
    return None if judge.highest is None or result.value is None else judge.highest - result.value
