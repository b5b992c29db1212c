"""The cost of using a result: the seconds to train it, and then to answer texts one at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.choose.measure.measurement import Measurement

ANSWERED = 10_000
"""Texts that are answered in a model's life, by which training and use are added up."""

_DRIFT = 0.1
"""Relative error of any time: one network, measured three times in one choice, had 13, 14 and 16 ms."""


@dataclass(frozen=True)
class Cost:
    """Seconds, with the interval in which they may lie; infinite where they were not measured."""

    seconds: float
    low: float
    high: float

    def may_equal(self, other: Cost) -> bool:
        """Return whether nothing shows that the two differ."""
        return self.low <= other.high and other.low <= self.high


def cost_of(result: Measurement) -> Cost:
    """Return the seconds to train a result and to answer `ANSWERED` texts with it."""
    costs = result.costs or {}
    p50 = latency_of(result)
    low, high = (float(costs.get(f"latency_{end}_seconds") or p50) for end in ("low", "high"))
    training = float(result.details.get("train_seconds") or 0.0)
    return Cost(
        seconds=training + ANSWERED * p50,
        low=(1 - _DRIFT) * training + ANSWERED * min(low, (1 - _DRIFT) * p50),
        high=(1 + _DRIFT) * training + ANSWERED * max(high, (1 + _DRIFT) * p50),
    )


def latency_of(result: Measurement) -> float:
    """Return the seconds from one text to its answer; infinite where they were not measured."""
    return float((result.costs or {}).get("latency_p50_seconds") or math.inf)


def levelled(costs: Sequence[Cost]) -> list[float]:
    """Return seconds that differ only where the costs are shown to differ: others take those of the cheapest alike.

    Args:
        costs: in any order.

    Returns:
        Seconds in the same order.
    """
    levels = [math.inf] * len(costs)
    first: Cost | None = None
    for index in sorted(range(len(costs)), key=lambda index: costs[index].seconds):
        if first is None or not first.may_equal(costs[index]):
            first = costs[index]
        levels[index] = first.seconds
    return levels
