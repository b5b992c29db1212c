"""The stages of measuring, cheapest first, each within its share of what is left of the budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from toolkit.choose.decision.decide import decide
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.baselines import measure_baselines
from toolkit.choose.measure.features import measure_features
from toolkit.choose.measure.likelihood import measure_likelihood
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.measure.zero_shot import measure_zero_shot
from toolkit.choose.search.rounds import Runs
from toolkit.names import Family, Method

ZERO_SHOT_SHARE = 0.15
FEATURES_SHARE = 0.5
"""Of the whole budget; what a stage leaves over goes to the next one."""


def measure_all(work: Work, candidates: Sequence[Candidate], *, read_badly: Collection[str] = ()) -> list[Measurement]:
    """Everything that the budget allows to measure.

    Args:
        work: the choice.
        candidates: those that are refused among them, whose reason is their result.
        read_badly: names of those to which much of the texts is lost; the others are measured before them.
    """
    refused = [skipped(one, Stage.ZERO_SHOT, str(one.refused)) for one in candidates if one.refused is not None]
    taking_part = sorted(
        (one for one in candidates if one.refused is None),
        key=lambda one: (one.name in read_badly, one.located is None, one.parameters or 0, one.disk_bytes or 0),
    )
    measured = [replace(made, status=Status.FAILED) for made in refused]
    measured += measure_baselines(work.rows)
    measured += _zero_shot(work, taking_part)
    measured += _features(work, taking_part)
    runs = Runs(work, taking_part, measured)
    measured += runs.halving()
    measured += runs.seeds(decide(measured, work.rows.judge).recommended)
    return measured


def _zero_shot(work: Work, candidates: Sequence[Candidate]) -> list[Measurement]:
    is_text = work.rows.judge.generates
    measure = measure_likelihood if is_text else measure_zero_shot
    asked = [
        one
        for one in candidates
        if one.located is not None
        and (one.family is not Family.ENCODER if is_text else Method.ZERO_SHOT in one.methods)
    ]
    share = FEATURES_SHARE if is_text else ZERO_SHOT_SHARE
    return _in_turn(work, asked, lambda one, seconds, _: measure(work, one, seconds=seconds), share=share)


def _features(work: Work, candidates: Sequence[Candidate]) -> list[Measurement]:
    read = [one for one in candidates if Method.FEATURES in one.methods]
    return _in_turn(
        work,
        read,
        lambda one, seconds, known: measure_features(work, one, seconds=seconds, known=known),
        share=FEATURES_SHARE,
    )


def _in_turn(
    work: Work,
    candidates: Sequence[Candidate],
    measure: Callable[[Candidate, float, Sequence[Measurement]], Measurement],
    *,
    share: float,
) -> list[Measurement]:
    """One after the other; each gets its part of what those before have left over of the stage's share.

    What is left over at the end goes to those whose part was too small, the cheapest first: they are skipped, or have
    learnt from fewer rows than the others.
    """
    ends = work.budget.spent() + min(work.budget.left(), share * work.budget.seconds)
    made: dict[str, Measurement] = {}
    for place, candidate in enumerate(candidates):
        seconds = max(0.0, ends - work.budget.spent()) / (len(candidates) - place)
        made[candidate.name] = measure(candidate, seconds, list(made.values()))
    wanted = {one.name: _more_seconds(made[one.name], n_learn=len(work.rows.learn)) for one in candidates}
    for candidate in sorted(candidates, key=lambda one: wanted[one.name]):
        left = ends - work.budget.spent()
        if 0 < wanted[candidate.name] <= left:
            others = [known for name, known in made.items() if name != candidate.name]
            made[candidate.name] = measure(candidate, left, others)
    return list(made.values())


def _more_seconds(made: Measurement, *, n_learn: int) -> float:
    """How much longer a measurement would have to be; 0 where it is complete."""
    if made.status is Status.SKIPPED:
        return float(made.details.get("needed_seconds", 0.0))
    if made.stage is Stage.FEATURES and made.rate and 0 < made.rows_learnt < n_learn:
        return 2 * (n_learn - made.rows_learnt) / made.rate
    return 0.0
