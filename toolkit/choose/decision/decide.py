"""Decide from results which candidates are worth their cost, and which one to recommend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.choose.decision.pareto import Point, Tied, front
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.evaluation.metrics.difference import Difference, is_tie
from toolkit.tasks.judge import Judge

_SIMPLEST_FIRST = ("zero-shot", "features", "lora", "full", "scratch")


@dataclass(frozen=True)
class Decision:
    """The decision from all results.

    Attributes:
        contenders: the result that represents each candidate and method, the best first.
        front: the contenders that are worth their cost, the cheapest first.
        recommended: the last of the front; None where no result is shown to be better than a constant answer.
        differences: by how much the recommended result is better than each other contender, by its name.
        margin: by how much it is better than the best baseline; None without one.
        points: the contenders that a recipe can carry out and that are better than a constant answer, for the picture.
        tied: returns whether two points may be equally good.
        constant: the result of always giving the same answer; None where the task has none.
    """

    contenders: tuple[Measurement, ...]
    front: tuple[Measurement, ...]
    recommended: Measurement | None
    differences: dict[str, Difference]
    margin: Difference | None
    points: tuple[Point, ...]
    tied: Tied
    constant: Measurement | None = None

    def why(self) -> str:
        """Explain the decision in a sentence or two."""
        chosen = self.recommended
        usable = [result for result in self.contenders if result.method is not None]
        if chosen is None and usable and self.constant is not None:
            value = "" if self.constant.value is None else f", {self.constant.value:.3f}"
            return (
                "Nothing is recommended: no result is shown to be better than the same answer to every text "
                f"({self.constant.candidate}{value}). Look at the labels with toolkit doctor, or give more rows."
            )
        if chosen is None:
            return "Nothing could be measured that a recipe can carry out."
        drawn = {point.name for point in self.points}
        usable = [result for result in usable if result.name in drawn]
        if usable[0] is not chosen:
            return f"{usable[0].name} is not shown to be better than {chosen.name}, which costs less."
        rivals = [
            result.name
            for result in usable[1:]
            if (result.body is None or result.body != chosen.body)
            and result.name in self.differences
            and is_tie(self.differences[result.name])
        ]
        tied = f"; not shown to be better than {', '.join(rivals)}, which cost no less" if rivals else ""
        return f"{chosen.name} is the best on the validation rows{tied}."


def decide(measured: Sequence[Measurement], judge: Judge) -> Decision:
    """Compare results in pairs, on the examples that both have answered.

    Args:
        measured: all results.
        judge: of the validation examples.
    """
    found = best_of_each(measured, judge)
    quality = _Qualities(found, judge)
    contenders = sorted(found, key=lambda result: -quality.of(result))
    constant = next(
        (each for each in measured if each.stage is Stage.BASELINE and each.candidate == judge.constant), None
    )
    usable = [result for result in contenders if result.method is not None and beats_constant(result, constant, judge)]
    by_name = {result.name: result for result in usable}

    def tied(point: Point, other: Point) -> bool:
        difference = judge.difference(by_name[point.name].answered, by_name[other.name].answered)
        return difference is None or is_tie(difference)

    points = [quality.point(result, rank) for rank, result in enumerate(_simplest_first(usable))]
    chosen = [by_name[point.name] for point in front(points, tied=tied)]
    recommended = chosen[-1] if chosen else None
    return Decision(
        contenders=tuple(contenders),
        front=tuple(chosen),
        recommended=recommended,
        differences=_differences(recommended, contenders, judge),
        margin=_margin(recommended, measured, judge),
        points=tuple(points),
        tied=tied,
        constant=constant,
    )


def beats_constant(result: Measurement, constant: Measurement | None, judge: Judge) -> bool:
    """Return whether a result is shown to be better than a constant answer, which has learnt nothing.

    Args:
        result: of a contender.
        constant: of the baseline; None where the task has none.
        judge: of the validation examples.
    """
    if constant is None:
        return True
    difference = judge.difference(result.answered, constant.answered)
    if difference is not None:
        return difference.low > 0
    # A constant has no correlation with anything, which counts as 0.
    return result.interval is not None and result.interval[0] > 0


def cost_of(result: Measurement) -> float:
    """Return the cost that decides between ties: seconds to answer one text; infinite where it was not measured."""
    return float((result.costs or {}).get("latency_p50_seconds") or math.inf)


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

    def point(self, result: Measurement, rank: int) -> Point:
        """Return a result as a point of the picture.

        Args:
            result: of a contender.
            rank: of its method by simplicity; it breaks ties in cost by a billionth.
        """
        quality, cost = self.of(result), cost_of(result)
        moved = quality - self._judge.quality(result.value)
        low, high = result.interval or (None, None)
        if low is not None and high is not None:
            low, high = (-high, -low) if self._judge.lower_is_better else (low, high)
            low, high = low + moved, high + moved
        return Point(result.name, quality, cost + (cost * 1e-9 * rank if math.isfinite(cost) else 0.0), low, high)


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


def _margin(recommended: Measurement | None, measured: Sequence[Measurement], judge: Judge) -> Difference | None:
    free = [result for result in measured if result.stage is Stage.BASELINE and result.value is not None]
    if recommended is None or not free:
        return None
    best = max(free, key=lambda result: judge.quality(result.value))
    return judge.difference(recommended.answered, best.answered)
