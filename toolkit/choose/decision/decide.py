"""From results to a decision: what is worth its cost, and which of these to take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.choose.decision.pareto import Point, Tied, front
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.evaluation.metrics.paired import Difference, is_tie
from toolkit.tasks.judge import Judge

_SIMPLEST_FIRST = ("zero-shot", "features", "lora", "full", "scratch")


@dataclass(frozen=True)
class Decision:
    """What came of all measuring.

    Attributes:
        contenders: the best result of each candidate in each way, the best first.
        front: those of them that are worth their cost, the cheapest first.
        recommended: the last of the front.
        differences: by how much the recommended one is better than each other contender, by its name.
        margin: by how much it is better than the best free baseline; None without one.
        points: of the contenders that have a recipe, for the picture.
        tied: whether two of them may be equal.
    """

    contenders: tuple[Measurement, ...]
    front: tuple[Measurement, ...]
    recommended: Measurement | None
    differences: dict[str, Difference]
    margin: Difference | None
    points: tuple[Point, ...]
    tied: Tied

    def why(self) -> str:
        """The decision in a sentence or two."""
        chosen = self.recommended
        if chosen is None:
            return "Nothing could be measured that a recipe can carry out."
        usable = [made for made in self.contenders if made.method is not None]
        if usable[0] is not chosen:
            return f"{usable[0].name} is not shown to be better than {chosen.name}, which costs less."
        rivals = [
            made.name
            for made in usable[1:]
            if (made.body is None or made.body != chosen.body)
            and made.name in self.differences
            and is_tie(self.differences[made.name])
        ]
        tied = f"; not shown to be better than {', '.join(rivals)}, which cost no less" if rivals else ""
        better = [made.name for made in self.contenders[: self.contenders.index(chosen)]]
        untrained = f" As they are, {', '.join(better)} do better, but no recipe can use them so." if better else ""
        return f"{chosen.name} is the best on the validation rows{tied}.{untrained}"


def decide(measured: Sequence[Measurement], judge: Judge) -> Decision:
    """Compare what was measured on the rows that each two have in common.

    Args:
        measured: all results.
        judge: of the validation rows.
    """
    found = best_of_each(measured, judge)
    quality = _Qualities(found, judge)
    contenders = sorted(found, key=lambda made: -quality.of(made))
    usable = [made for made in contenders if made.method is not None]
    by_name = {made.name: made for made in usable}

    def tied(one: Point, other: Point) -> bool:
        difference = judge.difference(by_name[one.name].answered, by_name[other.name].answered)
        return difference is None or is_tie(difference)

    points = [quality.point(made, place) for place, made in enumerate(_simplest_first(usable))]
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
    )


def cost_of(made: Measurement) -> float:
    """What decides between equals: the seconds from one text to its answer; infinite where it was not measured."""
    return float((made.costs or {}).get("latency_p50_seconds") or math.inf)


def best_of_each(measured: Sequence[Measurement], judge: Judge) -> list[Measurement]:
    """The result that stands for each candidate in each way; baselines are none.

    Of runs with several seeds it is the middle one, so that luck wins nothing; of runs of unlike length the longest,
    as that is what training is for, unless a shorter one is shown to be better.
    """
    ways: dict[str, dict[float, list[Measurement]]] = {}
    for made in measured:
        if made.stage is Stage.BASELINE or made.status is not Status.MEASURED or made.value is None:
            continue
        of_length = ways.setdefault(made.name, {})
        of_length.setdefault(float(made.details.get("epochs") or 0.0), []).append(made)
    return [_longest_that_pays(of_length, judge) for of_length in ways.values()]


def _longest_that_pays(of_length: dict[float, list[Measurement]], judge: Judge) -> Measurement:
    best, *longer = [_middle(of_length[length], judge) for length in sorted(of_length)]
    for made in longer:
        worse_by = judge.difference(best.answered, made.answered)
        if worse_by is None or worse_by.low <= 0:
            best = made
    return best


def _middle(of_seeds: Sequence[Measurement], judge: Judge) -> Measurement:
    return sorted(of_seeds, key=lambda made: judge.quality(made.value))[(len(of_seeds) - 1) // 2]


class _Qualities:
    """What results are worth, those of few rows among those of all.

    Some rows may be easier than the others: a result of a part of the rows counts as what the best result of all rows
    is worth, less the difference between the two on the rows that both have answered.

    Args:
        contenders: to be compared.
        judge: of the validation rows.
    """

    def __init__(self, contenders: Sequence[Measurement], judge: Judge) -> None:
        self._judge = judge
        self._anchor = max(
            (made for made in contenders if made.rows is None),
            key=lambda made: judge.quality(made.value),
            default=None,
        )

    def of(self, made: Measurement) -> float:
        """More is better."""
        quality = self._judge.quality(made.value)
        if made.rows is None or self._anchor is None:
            return quality
        difference = self._judge.difference(self._anchor.answered, made.answered)
        return quality if difference is None else self._judge.quality(self._anchor.value) - difference.value

    def point(self, made: Measurement, place: int) -> Point:
        """A point; of equal costs that of the simpler way counts as the cheaper by a hair."""
        quality, cost = self.of(made), cost_of(made)
        moved = quality - self._judge.quality(made.value)
        low, high = made.interval or (None, None)
        if low is not None and high is not None:
            low, high = (-high, -low) if self._judge.lower_is_better else (low, high)
            low, high = low + moved, high + moved
        return Point(made.name, quality, cost + (cost * 1e-9 * place if math.isfinite(cost) else 0.0), low, high)


def _simplest_first(measured: Sequence[Measurement]) -> list[Measurement]:
    order = {method: place for place, method in enumerate(_SIMPLEST_FIRST)}
    return sorted(measured, key=lambda made: (order.get(made.method or "", len(order)), made.candidate))


def _differences(
    recommended: Measurement | None, contenders: Sequence[Measurement], judge: Judge
) -> dict[str, Difference]:
    if recommended is None:
        return {}
    pairs = {
        made.name: judge.difference(recommended.answered, made.answered)
        for made in contenders
        if made.name != recommended.name
    }
    return {name: difference for name, difference in pairs.items() if difference is not None}


def _margin(recommended: Measurement | None, measured: Sequence[Measurement], judge: Judge) -> Difference | None:
    free = [made for made in measured if made.stage is Stage.BASELINE and made.value is not None]
    if recommended is None or not free:
        return None
    best = max(free, key=lambda made: judge.quality(made.value))
    return judge.difference(recommended.answered, best.answered)
