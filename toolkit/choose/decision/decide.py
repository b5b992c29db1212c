"""Decide from results which candidates are worth their cost, and which one to recommend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolkit.choose.decision.pareto import Point, Tied, front
from toolkit.choose.decision.spent import cost_of, levelled
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.evaluation.metrics.difference import Difference, is_tie
from toolkit.tasks.judge import Judge

_SIMPLEST_FIRST = ("zero-shot", "features", "lora", "full", "scratch")


@dataclass(frozen=True)
class Decision:
    """The decision from all results.

    At most one of `recommended`, `baseline` and `writer` is not None. Where none is, nothing is worth its cost.

    Attributes:
        contenders: the result that represents each candidate and method, the best first.
        front: the contenders that are worth their cost, the cheapest first.
        recommended: the last of the front.
        baseline: the free baseline that no contender is shown to beat, and that is shown to beat a constant answer.
        writer: name of the free baseline that writes no worse than the best contender; of tasks that write.
        differences: by how much the recommended result is better than each other contender, by its name; of a baseline
            by how much that is better.
        margin: by how much the best contender that a recipe can carry out is better than the best baseline.
        points: the contenders that a recipe can carry out and that beat the best baseline.
        tied: returns whether two points may be equally good.
        constant: the result of always giving the same answer; None where the task has none.
    """

    contenders: tuple[Measurement, ...]
    front: tuple[Measurement, ...]
    recommended: Measurement | None
    baseline: Measurement | None
    differences: dict[str, Difference]
    margin: Difference | None
    points: tuple[Point, ...]
    tied: Tied
    constant: Measurement | None = None
    writer: str | None = None

    @property
    def usable(self) -> tuple[Measurement, ...]:
        """Return the contenders that a recipe can carry out, the best first."""
        return tuple(result for result in self.contenders if result.method is not None)

    def rivals(self) -> list[Measurement]:
        """Return the other models that the recommended result is not shown to be better than."""
        chosen, drawn = self.recommended, {point.name for point in self.points}
        return [
            result
            for result in self.usable
            if chosen is not None
            and result is not chosen
            and result.name in drawn
            and (result.body is None or result.body != chosen.body)
            and result.name in self.differences
            and is_tie(self.differences[result.name])
        ]

    def overruled_by(self, writer: str) -> Decision:
        """Return the decision for a free baseline that writes no worse: no model is worth its cost then."""
        return replace(self, front=(), recommended=None, points=(), writer=writer)


def decide(measured: Sequence[Measurement], judge: Judge) -> Decision:
    """Compare results in pairs, on the examples that both have answered.

    Args:
        measured: all results.
        judge: of the examples that decide.
    """
    found = best_of_each(measured, judge)
    quality = _Qualities(found, judge)
    contenders = sorted(found, key=lambda result: -quality.of(result))
    free = [each for each in measured if each.stage is Stage.BASELINE]
    constant = next((each for each in free if each.candidate == judge.constant), None)
    runnable = [result for result in contenders if result.method is not None]
    best_free = max(free, key=lambda result: judge.quality(result.value), default=None)
    usable = [result for result in runnable if best_free is None or is_better(result, best_free, judge)]
    by_name = {result.name: result for result in usable}

    def tied(point: Point, other: Point) -> bool:
        difference = judge.difference(by_name[point.name].answered, by_name[other.name].answered)
        return difference is None or is_tie(difference)

    simple = _simplest_first(usable)
    costs = levelled([cost_of(result) for result in simple])
    points = [quality.point(result, rank, cost=costs[rank]) for rank, result in enumerate(simple)]
    chosen = [by_name[point.name] for point in front(points, tied=tied)]
    baseline = None
    if not chosen and best_free is not None and not judge.generates:
        baseline = best_free if constant is None or is_better(best_free, constant, judge) else None
    recommended = chosen[-1] if chosen else None
    first = recommended or (runnable[0] if runnable else None)
    margin = None
    if first is not None and best_free is not None and best_free.value is not None:
        margin = judge.difference(first.answered, best_free.answered)
    return Decision(
        contenders=tuple(contenders),
        front=tuple(chosen),
        recommended=recommended,
        baseline=baseline,
        differences=_differences(recommended or baseline, contenders, judge),
        margin=margin,
        points=tuple(points),
        tied=tied,
        constant=constant,
    )


def is_better(result: Measurement, other: Measurement, judge: Judge) -> bool:
    """Return whether a result is shown to be better than that of a baseline.

    Args:
        result: of a contender, or of another baseline.
        other: of the baseline.
        judge: of the examples that decide.
    """
    difference = judge.difference(result.answered, other.answered)
    if difference is not None:
        return difference.low > 0
    # A constant has no correlation with anything, which counts as 0.
    return result is not other and result.interval is not None and result.interval[0] > 0


def best_of_each(measured: Sequence[Measurement], judge: Judge) -> list[Measurement]:
    """Return the result that represents each candidate and method, without baselines.

    Of runs that differ in their seeds it is the median, so that luck wins nothing. Of runs that differ in their length
    it is the longest, unless a shorter one is shown to be better.
    """
    ways: dict[str, dict[float, list[Measurement]]] = {}
    for result in measured:
        if result.stage is Stage.BASELINE or result.status is not Status.MEASURED or result.value is None:
            continue
        of_length = ways.setdefault(result.name, {})
        of_length.setdefault(float(result.details.get("epochs") or 0.0), []).append(result)
    return [_longest_that_pays(of_length, judge) for of_length in ways.values()]


def _longest_that_pays(of_length: dict[float, list[Measurement]], judge: Judge) -> Measurement:
    best, *longer = [_middle(of_length[length], judge) for length in sorted(of_length)]
    for result in longer:
        worse_by = judge.difference(best.answered, result.answered)
        if worse_by is None or worse_by.low <= 0:
            best = result
    return best


def _middle(of_seeds: Sequence[Measurement], judge: Judge) -> Measurement:
    return sorted(of_seeds, key=lambda result: judge.quality(result.value))[(len(of_seeds) - 1) // 2]


class _Qualities:
    """The quality of results, also of results that answered only some of the examples.

    Those examples may be easier than the others. So the quality of such a result is that of the best result on all
    examples, less the difference between the two on their common examples.

    Args:
        contenders: to be compared.
        judge: of the validation examples.
    """

    def __init__(self, contenders: Sequence[Measurement], judge: Judge) -> None:
        self._judge = judge
        self._anchor = max(
            (result for result in contenders if result.rows is None),
            key=lambda result: judge.quality(result.value),
            default=None,
        )

    def of(self, result: Measurement) -> float:
        """Return the quality of a result; higher is better."""
        quality = self._judge.quality(result.value)
        if result.rows is None or self._anchor is None:
            return quality
        difference = self._judge.difference(self._anchor.answered, result.answered)
        return quality if difference is None else self._judge.quality(self._anchor.value) - difference.value

    def point(self, result: Measurement, rank: int, *, cost: float) -> Point:
        """Return a result as a point of the picture.

        Args:
            result: of a contender.
            rank: of its method by simplicity.
            cost: seconds, the same for costs that are not shown to differ.
        """
        quality = self.of(result)
        moved = quality - self._judge.quality(result.value)
        low, high = result.interval or (None, None)
        if low is not None and high is not None:
            low, high = (-high, -low) if self._judge.lower_is_better else (low, high)
            low, high = low + moved, high + moved
        return Point(result.name, quality, cost, low, high, rank)


def _simplest_first(measured: Sequence[Measurement]) -> list[Measurement]:
    order = {method: rank for rank, method in enumerate(_SIMPLEST_FIRST)}
    return sorted(measured, key=lambda result: (order.get(result.method or "", len(order)), result.candidate))


def _differences(
    recommended: Measurement | None, contenders: Sequence[Measurement], judge: Judge
) -> dict[str, Difference]:
    if recommended is None:
        return {}
    pairs = {
        result.name: judge.difference(recommended.answered, result.answered)
        for result in contenders
        if result.name != recommended.name
    }
    return {name: difference for name, difference in pairs.items() if difference is not None}
