"""The difference of two candidates with its interval; nothing heavy is imported, as results are read with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """The difference between a first candidate and a second.

    Attributes:
        value: above 0 if the first is better.
        low, high: the ends of the 95 % interval.
    """

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """Return ``{"value", "ci95"}``."""
        return {"value": self.value, "ci95": [self.low, self.high]}


def is_tie(difference: Difference) -> bool:
    """Return True if the interval contains zero, so that neither candidate is shown to be better."""
    return difference.low <= 0 <= difference.high
