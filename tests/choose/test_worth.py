"""Trainings begin only where their gain could be shown, by figures that were measured."""

from __future__ import annotations

import pytest

from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.search.worth import is_beyond_doubt, is_hopeless, too_few_errors
from toolkit.evaluation.metrics.difference import Difference
from toolkit.tasks.text_classification.judge import ClassJudge
from toolkit.tasks.texts.judge import LikelihoodJudge

JUDGE = ClassJudge([0, 1], ["a", "b"])


def _made(value: float | None) -> Measurement:
    return Measurement(candidate="m", stage=Stage.RUN, method="lora", value=value)


@pytest.mark.parametrize(
    ("value", "n_judged", "expected"),
    [(0.88, 400, True), (0.88, 600, False), (0.99, 400, True), (1.0, 400, False), (0.5, 100, True), (0.5, 200, False)],
)
def test_few_errors_leave_no_gain_to_show(value: float, n_judged: int, expected: bool) -> None:
    assert too_few_errors(_made(value), JUDGE, n_judged=n_judged) is expected


@pytest.mark.parametrize(
    ("value", "doublings", "expected"), [(0.245, 2.0, True), (0.245, 3.0, False), (0.85, 0.0, True), (0.85, 1.0, False)]
)
def test_a_run_that_could_not_reach_the_best_by_halving_its_errors_at_each_doubling_is_hopeless(
    value: float, doublings: float, expected: bool
) -> None:
    assert is_hopeless(_made(value), _made(0.89), JUDGE, doublings=doublings) is expected


def test_where_a_metric_has_no_highest_value_nothing_is_known() -> None:
    judge = LikelihoodJudge([10, 20])
    assert not too_few_errors(_made(1.5), judge, n_judged=2)
    assert not is_hopeless(_made(1.5), _made(0.5), judge, doublings=0.0)
    assert not is_hopeless(_made(None), _made(0.5), JUDGE, doublings=0.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_is_beyond_doubt_where_an_interval_of_99_per_cent_leaves_zero_out(sign: int) -> None:
    rows, changed = 400, 60  # of which each turns one answer
    for value, expected in ((0.09, True), (0.03, False), (0.0, False)):
        error = (changed / rows**2 - value**2 / rows) ** 0.5
        ends = sorted(sign * (value + z * error) for z in (-1.96, 1.96))
        assert (value - 2.58 * error > 0) is expected
        assert is_beyond_doubt(Difference(sign * value, *ends)) is expected
    assert not is_beyond_doubt(None)
