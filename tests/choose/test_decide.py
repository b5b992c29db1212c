from __future__ import annotations

from typing import Any

from datasets import Dataset

from toolkit.choose.decide import best_of_each, decide
from toolkit.choose.judge import Judge
from toolkit.choose.measurement import Measurement, Stage, Status
from toolkit.names import Problem

N = 200
LABELS = [row % 2 for row in range(N)]
JUDGE = Judge.of_labels(Dataset.from_dict({"label": LABELS}), problem=Problem.SINGLE_LABEL, n_labels=2)


def _made(candidate: str, n_wrong: int, *, seconds: float, **facts: Any) -> Measurement:
    answers = [1 - label if row < n_wrong else label for row, label in enumerate(LABELS)]
    known = {"stage": Stage.FEATURES, "method": "features", **facts}
    return Measurement(
        candidate=candidate,
        answers=answers,
        value=JUDGE.value(answers),
        interval=JUDGE.interval(answers),
        costs={"latency_p50_seconds": seconds},
        **known,
    )


def _cost(made: Measurement) -> float:
    return float((made.costs or {})["latency_p50_seconds"])


def test_the_better_one_wins_whatever_it_costs() -> None:
    decision = decide([_made("small", 80, seconds=0.1), _made("large", 10, seconds=9.0)], JUDGE, cost=_cost)
    assert decision.recommended is not None
    assert decision.recommended.candidate == "large"
    assert [made.candidate for made in decision.front] == ["small", "large"]
    assert decision.differences["small, features"].low > 0


def test_of_two_that_tie_the_cheaper_one_is_taken() -> None:
    decision = decide([_made("small", 11, seconds=0.1), _made("large", 10, seconds=9.0)], JUDGE, cost=_cost)
    assert decision.recommended is not None
    assert decision.recommended.candidate == "small"
    assert [made.candidate for made in decision.front] == ["small"]
    assert "large, features is not shown to be better than small, features" in decision.why(JUDGE)


def test_of_equals_the_simpler_way_is_taken() -> None:
    run = _made("m", 10, seconds=0.1, stage=Stage.RUN, method="full")
    decision = decide([run, _made("m", 10, seconds=0.1)], JUDGE, cost=_cost)
    assert decision.recommended is not None
    assert decision.recommended.method == "features"


def test_what_no_recipe_can_carry_out_is_compared_but_never_recommended() -> None:
    decision = decide(
        [_made("scored", 0, seconds=0.1, method=None), _made("small", 90, seconds=1.0)], JUDGE, cost=_cost
    )
    assert decision.contenders[0].candidate == "scored"
    assert decision.recommended is not None
    assert decision.recommended.candidate == "small"


def test_the_margin_is_that_over_the_best_baseline() -> None:
    free = [
        _made("majority", 100, seconds=0.0, stage=Stage.BASELINE, method=None),
        _made("tfidf", 20, seconds=0.0, stage=Stage.BASELINE, method=None),
    ]
    decision = decide([*free, _made("small", 10, seconds=1.0)], JUDGE, cost=_cost)
    assert decision.margin is not None
    assert abs(decision.margin.value - 0.05) < 1e-9
    assert [made.candidate for made in decision.contenders] == ["small"]


def test_of_runs_of_unlike_length_the_longest_counts() -> None:
    short = _made("m", 5, seconds=0.1, stage=Stage.RUN, method="full", details={"epochs": 1})
    long = _made("m", 10, seconds=0.1, stage=Stage.RUN, method="full", details={"epochs": 4})
    failed = Measurement(candidate="m", stage=Stage.RUN, method="lora", status=Status.FAILED, reason="out of memory")
    assert best_of_each([long, short, failed], JUDGE) == [long]


def test_nothing_is_recommended_of_nothing() -> None:
    decision = decide([], JUDGE, cost=_cost)
    assert decision.recommended is None
    assert decision.front == ()
    assert "Nothing could be measured" in decision.why(JUDGE)
