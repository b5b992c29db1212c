from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from toolkit.choose.decision.decide import best_of_each, decide
from toolkit.choose.decision.spent import Cost, cost_of, levelled
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.tasks.judge import Answered
from toolkit.tasks.text_classification.judge import ClassJudge

N = 200
LABELS = [row % 2 for row in range(N)]
JUDGE = ClassJudge(LABELS, ["a", "b"])


def _made(candidate: str, n_wrong: int, *, seconds: float, **facts: Any) -> Measurement:
    answers = [1 - label if row < n_wrong else label for row, label in enumerate(LABELS)]
    known = {"stage": Stage.FEATURES, "method": "features", **facts}
    return Measurement(
        candidate=candidate,
        answers=answers,
        value=JUDGE.value(Answered(answers)),
        interval=JUDGE.interval(Answered(answers)),
        costs={"latency_p50_seconds": seconds},
        **known,
    )


def test_the_better_one_wins_whatever_it_costs() -> None:
    decision = decide([_made("small", 80, seconds=0.1), _made("large", 10, seconds=9.0)], JUDGE)
    assert decision.recommended is not None
    assert decision.recommended.candidate == "large"
    assert [made.candidate for made in decision.front] == ["small", "large"]
    assert decision.differences["small, features"].low > 0


def test_of_two_that_tie_the_cheaper_one_is_taken() -> None:
    decision = decide([_made("small", 11, seconds=0.1), _made("large", 10, seconds=9.0)], JUDGE)
    assert decision.recommended is not None
    assert decision.recommended.candidate == "small"
    assert [made.candidate for made in decision.front] == ["small"]
    assert [result.name for result in decision.usable] == ["large, features", "small, features"]


def test_of_equals_the_simpler_way_is_taken() -> None:
    run = _made("m", 10, seconds=0.1, stage=Stage.RUN, method="full")
    decision = decide([run, _made("m", 10, seconds=0.1)], JUDGE)
    assert decision.recommended is not None
    assert decision.recommended.method == "features"


def test_what_no_recipe_can_carry_out_is_compared_but_never_recommended() -> None:
    decision = decide([_made("scored", 0, seconds=0.1, method=None), _made("small", 90, seconds=1.0)], JUDGE)
    assert decision.contenders[0].candidate == "scored"
    assert decision.recommended is not None
    assert decision.recommended.candidate == "small"


def test_the_margin_is_that_over_the_best_baseline() -> None:
    free = [
        _made("majority", 100, seconds=0.0, stage=Stage.BASELINE, method=None),
        _made("tfidf", 20, seconds=0.0, stage=Stage.BASELINE, method=None),
    ]
    decision = decide([*free, _made("small", 10, seconds=1.0)], JUDGE)
    assert decision.margin is not None
    assert abs(decision.margin.value - 0.05) < 1e-9
    assert [made.candidate for made in decision.contenders] == ["small"]


def _run(n_wrong: int, *, epochs: float, seed: int = 0) -> Measurement:
    stage = Stage.RUN if seed == 0 else Stage.SEEDS
    return _made(
        "m", n_wrong, seconds=0.1, stage=stage, method="full", details={"epochs": epochs}, recipe={"seed": seed}
    )


def test_of_runs_of_unlike_length_the_longest_counts_unless_it_is_shown_to_be_worse() -> None:
    failed = Measurement(candidate="m", stage=Stage.RUN, method="lora", status=Status.FAILED, reason="out of memory")
    short, long, overfitted = _run(5, epochs=1), _run(6, epochs=4), _run(60, epochs=8)
    assert best_of_each([long, short, failed], JUDGE) == [long]
    assert best_of_each([overfitted, long, short], JUDGE) == [long]


def test_of_seeds_the_middle_one_counts() -> None:
    runs = [_run(10, epochs=2), _run(30, epochs=2, seed=1), _run(20, epochs=2, seed=2), _run(1, epochs=1)]
    assert best_of_each(runs[:3], JUDGE) == [runs[2]]


def test_a_result_of_some_rows_is_compared_on_these_rows_alone() -> None:
    # Of the rows that both have answered, which are the easy ones, the larger one has all right.
    few = list(range(100, 200))
    answers = [label if row % 10 else 1 - label for row, label in zip(few, LABELS[100:], strict=True)]
    asked = Measurement(
        candidate="asked", stage=Stage.ZERO_SHOT, method="zero-shot", rows=few, answers=answers,
        value=JUDGE.value(Answered(answers, few)), interval=JUDGE.interval(Answered(answers, few)),
        costs={"latency_p50_seconds": 0.1},
    )  # fmt: skip
    learnt = _made("learnt", 40, seconds=1.0)
    assert (asked.value, learnt.value) == (0.9, 0.8)
    decision = decide([asked, learnt], JUDGE)
    assert [made.candidate for made in decision.contenders] == ["learnt", "asked"]
    assert {point.name: round(point.quality, 9) for point in decision.points} == {
        "asked, zero-shot": 0.7,
        "learnt, features": 0.8,
    }
    assert decision.recommended is learnt


def test_nothing_is_recommended_of_nothing() -> None:
    decision = decide([], JUDGE)
    assert decision.recommended is None
    assert decision.front == ()
    assert (decision.usable, decision.baseline) == ((), None)


def test_nothing_is_recommended_that_is_no_better_than_one_answer() -> None:
    answers = [0] * N
    constant = Measurement(
        candidate="majority", stage=Stage.BASELINE, answers=answers, value=JUDGE.value(Answered(answers))
    )
    chance = [_made("small", 95, seconds=0.1), _made("large", 101, seconds=9.0)]
    decision = decide([constant, *chance], JUDGE)
    assert (decision.recommended, decision.front, decision.points) == (None, (), ())
    assert decision.baseline is None  # the same answer to everything is no use
    better = decide([constant, *chance, _made("learnt", 40, seconds=9.0)], JUDGE)
    assert better.recommended is not None
    assert better.recommended.candidate == "learnt"
    assert [made.candidate for made in better.front] == ["learnt"]


def _free(name: str, n_wrong: int) -> Measurement:
    return _made(name, n_wrong, seconds=0.0, stage=Stage.BASELINE, method=None)


CONSTANT = _free("majority", 100)


@pytest.mark.parametrize("n_wrong", [4, 10, 11, 60])
def test_a_baseline_that_nothing_is_shown_to_beat_is_recommended_and_nothing_gets_a_recipe(n_wrong: int) -> None:
    decision = decide([CONSTANT, _free("tfidf", 5), _made("small", n_wrong, seconds=1.0)], JUDGE)
    assert (decision.recommended, decision.front, decision.points) == (None, (), ())
    assert decision.baseline is not None
    assert decision.baseline.candidate == "tfidf"
    assert decision.margin is not None  # of the best model over it
    assert decision.margin.low <= 0
    assert decision.differences["small, features"] is not None


def test_a_baseline_is_recommended_where_all_candidates_fail() -> None:
    failed = Measurement(candidate="m", stage=Stage.RUN, method="lora", status=Status.FAILED, reason="out of memory")
    decision = decide([CONSTANT, _free("tfidf", 5), failed], JUDGE)
    assert decision.baseline is not None
    assert decision.usable == ()


def test_what_a_baseline_ties_or_beats_is_not_on_the_front_beside_what_beats_it() -> None:
    tied, beaten, best = _made("tied", 42, seconds=0.1), _made("beaten", 90, seconds=0.1), _made("best", 5, seconds=9.0)
    decision = decide([CONSTANT, _free("tfidf", 40), tied, beaten, best], JUDGE)
    assert decision.recommended is best
    assert decision.front == (best,)
    assert {point.name for point in decision.points} == {"best, features"}


def test_of_one_network_what_trains_longer_and_is_no_better_is_not_worth_it() -> None:
    # The figures of banking77: by noise the adapter answered a millisecond faster, and had a star at 0.245.
    features = _made("m", 22, seconds=0.016, details={"train_seconds": 12.0})
    lora = _made("m", 70, seconds=0.013, stage=Stage.RUN, method="lora", details={"train_seconds": 60.0})
    full = _made("m", 20, seconds=0.014, stage=Stage.RUN, method="full", details={"train_seconds": 55.0})
    decision = decide([CONSTANT, features, lora, full], JUDGE)
    assert decision.recommended is features
    assert decision.front == (features,)


def test_training_time_is_a_cost_between_results_that_tie() -> None:
    quick = _made("m", 11, seconds=0.01, details={"train_seconds": 10.0})
    slow = _made("m", 10, seconds=0.01, stage=Stage.RUN, method="full", details={"train_seconds": 500.0})
    assert decide([CONSTANT, slow, quick], JUDGE).recommended is quick


def test_costs_are_equal_where_their_spread_does_not_tell_them_apart() -> None:
    costs = [Cost(10.0, 9.0, 11.0), Cost(10.9, 10.0, 12.0), Cost(20.0, 18.0, 22.0), Cost(math.inf, math.inf, math.inf)]
    assert levelled(costs) == [10.0, 10.0, 20.0, math.inf]
    noisy = _made("m", 10, seconds=0.010)
    wide = replace(
        noisy, costs={"latency_p50_seconds": 0.010, "latency_low_seconds": 0.004, "latency_high_seconds": 0.03}
    )
    assert cost_of(wide).may_equal(cost_of(_made("other", 10, seconds=0.025)))
    assert not cost_of(noisy).may_equal(cost_of(_made("other", 10, seconds=0.025)))
