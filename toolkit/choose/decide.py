"""From results to a decision: what is worth its cost, and which of these to take."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from toolkit.choose.compare import Difference, is_tie
from toolkit.choose.judge import Judge
from toolkit.choose.measurement import Measurement, Stage, Status
from toolkit.choose.pareto import Point, Tied, front

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

    def why(self, judge: Judge) -> str:
        """The decision in a sentence."""
        chosen = self.recommended
        if chosen is None:
            return "Nothing could be measured that a recipe can carry out."
        best = self.contenders[0]
        if best is chosen or best.name == chosen.name:
            shared = {made.name for made in self.contenders if made.body is not None and made.body == chosen.body}
            ties = [name for name, difference in self.differences.items() if is_tie(difference)]
            rivals = [name for name in ties if name not in shared]
            tied = f"; not shown to be better than {', '.join(rivals)}, which cost more" if rivals else ""
            return f"{chosen.name} is the best on the validation rows{tied}."
        return f"{best.name} is not shown to be better than {chosen.name}, which costs less."


def decide(measured: Sequence[Measurement], judge: Judge, *, cost: Callable[[Measurement], float]) -> Decision:
    """Compare what was measured on the rows that each two have in common.

    Args:
        measured: all results.
        judge: of the validation rows.
        cost: of using one, less being better.
    """
    contenders = sorted(best_of_each(measured, judge), key=lambda made: -judge.quality(made))
    usable = [made for made in contenders if made.method is not None]
    by_name = {made.name: made for made in usable}

    def tied(one: Point, other: Point) -> bool:
        difference = judge.difference(by_name[one.name], by_name[other.name])
        return difference is None or is_tie(difference)

    points = [_point(made, judge, cost(made), place) for place, made in enumerate(_simplest_first(usable))]
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


def best_of_each(measured: Sequence[Measurement], judge: Judge) -> list[Measurement]:
    """The best result of each candidate in each way; baselines are none.

    Of runs of unlike length the longest counts, as that is what a recipe would do.
    """
    best: dict[str, Measurement] = {}
    for made in measured:
        if made.stage in (Stage.BASELINE, Stage.SEEDS) or made.status is not Status.MEASURED or made.value is None:
            continue
        other = best.get(made.name)
        if other is None or _rank(made, judge) > _rank(other, judge):
            best[made.name] = made
    return list(best.values())


def _rank(made: Measurement, judge: Judge) -> tuple[float, float]:
    return float(made.details.get("epochs") or 0.0), judge.quality(made)


def _simplest_first(measured: Sequence[Measurement]) -> list[Measurement]:
    order = {method: place for place, method in enumerate(_SIMPLEST_FIRST)}
    return sorted(measured, key=lambda made: (order.get(made.method or "", len(order)), made.candidate))


def _point(made: Measurement, judge: Judge, cost: float, place: int) -> Point:
    """A point; of equal costs the simpler way counts as the cheaper by a hair."""
    low, high = made.interval or (None, None)
    if judge.lower_is_better and low is not None and high is not None:
        low, high = -high, -low
    hair = cost * 1e-9 * place if math.isfinite(cost) else 0.0
    return Point(made.name, judge.quality(made), cost + hair, low, high)


def _differences(
    recommended: Measurement | None, contenders: Sequence[Measurement], judge: Judge
) -> dict[str, Difference]:
    if recommended is None:
        return {}
    pairs = {made.name: judge.difference(recommended, made) for made in contenders if made.name != recommended.name}
    return {name: difference for name, difference in pairs.items() if difference is not None}


def _margin(recommended: Measurement | None, measured: Sequence[Measurement], judge: Judge) -> Difference | None:
    free = [made for made in measured if made.stage is Stage.BASELINE and made.value is not None]
    if recommended is None or not free:
        return None
    return judge.difference(recommended, max(free, key=judge.quality))
