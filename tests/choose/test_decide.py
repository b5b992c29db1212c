from __future__ import annotations

from typing import Any

from toolkit.choose.decision.decide import best_of_each, decide
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
    assert "large, features is not shown to be better than small, features" in decision.why()


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
    assert decision.why() == "small, features is the best on the validation rows."


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
    assert "Nothing could be measured" in decision.why()


def test_nothing_is_recommended_that_is_no_better_than_one_answer() -> None:
    answers = [0] * N
    constant = Measurement(
        candidate="majority", stage=Stage.BASELINE, answers=answers, value=JUDGE.value(Answered(answers))
    )
    chance = [_made("small", 95, seconds=0.1), _made("large", 101, seconds=9.0)]
    decision = decide([constant, *chance], JUDGE)
    assert (decision.recommended, decision.front, decision.points) == (None, (), ())
    assert decision.why().startswith("Nothing is recommended: no result is shown to be better than the same answer")
    better = decide([constant, *chance, _made("learnt", 40, seconds=9.0)], JUDGE)
    assert better.recommended is not None
    assert better.recommended.candidate == "learnt"
    assert [made.candidate for made in better.front] == ["learnt"]
