"""The stages of measuring, the cheapest first, each within its share of the remaining budget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from toolkit.choose.decision.decide import decide
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.baselines import measure_baselines, measure_folds
from toolkit.choose.measure.features import measure_features
from toolkit.choose.measure.likelihood import measure_likelihood
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.measure.zero_shot import measure_zero_shot
from toolkit.choose.search.rounds import Runs
from toolkit.choose.search.worth import is_beyond_doubt
from toolkit.names import Family, Method

BASELINE_SHARE = 0.1
ZERO_SHOT_SHARE = 0.15
FEATURES_SHARE = 0.5
"""Shares of the whole budget; the next stage gets the time that a stage leaves over."""


def measure_all(work: Work, candidates: Sequence[Candidate], *, read_badly: Collection[str] = ()) -> list[Measurement]:
    """Measure as much as the budget allows.

    Args:
        work: the choice.
        candidates: all of them; the result of a refused one is the reason why it was refused.
        read_badly: names of the candidates whose tokenizers lose much of the texts; they are measured last.
    """
    refused = [
        skipped(candidate, Stage.ZERO_SHOT, str(candidate.refused))
        for candidate in candidates
        if candidate.refused is not None
    ]
    taking_part = sorted(
        (candidate for candidate in candidates if candidate.refused is None),
        key=lambda candidate: (
            candidate.name in read_badly,
            candidate.located is None,
            candidate.parameters or 0,
            candidate.disk_bytes or 0,
        ),
    )
    measured = [replace(result, status=Status.FAILED) for result in refused]
    free = measure_baselines(work.rows)
    read = _features(work, taking_part)
    asked = _asked_more(work, taking_part, _zero_shot(work, taking_part, read), read)
    measured += [*_surely(work, free, [*asked, *read]), *asked, *read]
    runs = Runs(work, taking_part, measured)
    measured += runs.halving()
    measured += runs.seeds(decide(measured, work.rows.judge).recommended)
    return measured


def _surely(work: Work, free: Sequence[Measurement], results: Sequence[Measurement]) -> list[Measurement]:
    """Measure the baselines on all examples that decide, unless those so far leave no doubt about any result."""
    judge = work.rows.judge
    best = max(free, key=lambda known: judge.quality(known.value), default=None)
    known = [result for result in results if result.method is not None and result.value is not None]
    if (
        best is not None
        and known
        and all(is_beyond_doubt(judge.difference(result.answered, best.answered)) for result in known)
    ):
        return list(free)
    return measure_folds(work.rows, free, seconds=min(work.budget.left(), BASELINE_SHARE * work.budget.seconds))


def _zero_shot(work: Work, candidates: Sequence[Candidate], read: Sequence[Measurement]) -> list[Measurement]:
    """Ask each candidate as it is.

    A model that answers by the similarity of body and labels costs what the same body with a head costs.
    """
    is_text = work.rows.judge.generates
    costs = {result.candidate: result.costs for result in read if result.costs is not None}

    def measure(candidate: Candidate, seconds: float, _: Sequence[Measurement]) -> Measurement:
        if is_text:
            return measure_likelihood(work, candidate, seconds=seconds)
        return measure_zero_shot(work, candidate, seconds=seconds, costs=costs.get(candidate.name))

    scored = [
        candidate
        for candidate in candidates
        if candidate.located is not None
        and (candidate.family is not Family.ENCODER if is_text else Method.ZERO_SHOT in candidate.methods)
    ]
    share = FEATURES_SHARE if is_text else ZERO_SHOT_SHARE
    return _in_turn(work, scored, measure, share=share)


def _asked_more(
    work: Work, candidates: Sequence[Candidate], asked: Sequence[Measurement], read: Sequence[Measurement]
) -> list[Measurement]:
    """Ask a candidate for all examples that decide, where its answers to some may be as good as the best head's.

    Args:
        work: the choice.
        candidates: by their names.
        asked: results of candidates as they are.
        read: results of heads on features.
    """
    judge, by_name = work.rows.judge, {candidate.name: candidate for candidate in candidates}
    known = [result for result in read if result.value is not None]
    best = max(known, key=lambda result: judge.quality(result.value), default=None)
    ends = work.budget.spent() + min(work.budget.left(), ZERO_SHOT_SHARE * work.budget.seconds)
    results = []
    for result in asked:
        more, seconds = result, max(0.0, ends - work.budget.spent())
        if best is not None and result.value is not None and result.rate:
            worse = judge.difference(best.answered, result.answered)
            affordable = len(work.rows.judged) / result.rate < seconds
            if affordable and len(work.rows.judged) > len(result.answers or ()) and (worse is None or worse.low <= 0):
                more = measure_zero_shot(
                    work, by_name[result.candidate], seconds=seconds, costs=result.costs, every=True
                )
        results.append(more if more.value is not None else result)
    return results


def _features(work: Work, candidates: Sequence[Candidate]) -> list[Measurement]:
    read = [candidate for candidate in candidates if Method.FEATURES in candidate.methods]
    return _in_turn(
        work,
        read,
        lambda candidate, seconds, known: measure_features(work, candidate, seconds=seconds, known=known),
        share=FEATURES_SHARE,
    )


def _in_turn(
    work: Work,
    candidates: Sequence[Candidate],
    measure: Callable[[Candidate, float, Sequence[Measurement]], Measurement],
    *,
    share: float,
) -> list[Measurement]:
    """Measure candidates one after the other, within a share of the budget.

    The time that is left of the share is divided evenly over the remaining candidates. Where that was too short for
    one, the next gets twice that time, so that some of many are measured instead of none. In the end, leftover time
    goes to candidates that were skipped or have learnt from fewer examples than the others, the cheapest first.
    """
    ends = work.budget.spent() + min(work.budget.left(), share * work.budget.seconds)
    results: dict[str, Measurement] = {}
    least = 0.0
    for index, candidate in enumerate(candidates):
        left = max(0.0, ends - work.budget.spent())
        seconds = min(left, max(left / (len(candidates) - index), least))
        result = results[candidate.name] = measure(candidate, seconds, list(results.values()))
        if result.status is Status.SKIPPED and "needed_seconds" in result.details:
            least = 2 * seconds
    needed = {
        candidate.name: _more_seconds(results[candidate.name], n_learn=len(work.rows.learn)) for candidate in candidates
    }
    for candidate in sorted(candidates, key=lambda candidate: needed[candidate.name]):
        left = ends - work.budget.spent()
        if 0 < needed[candidate.name] <= left:
            others = [known for name, known in results.items() if name != candidate.name]
            results[candidate.name] = measure(candidate, left, others)
    return list(results.values())


def _more_seconds(result: Measurement, *, n_learn: int) -> float:
    """Return the seconds that would complete a measurement; 0 where it is complete."""
    if result.status is Status.SKIPPED:
        return float(result.details.get("needed_seconds", 0.0))
    if result.stage is Stage.FEATURES and result.rate and 0 < result.rows_learnt < n_learn:
        return 2 * (n_learn - result.rows_learnt) / result.rate
    return 0.0
