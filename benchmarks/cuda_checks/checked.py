"""What a check is given and what it finds; the tests' tiny models are at hand."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
TESTS = REPOSITORY / "tests"


class SkippedError(Exception):
    """A check that cannot be made here; it says why."""


@dataclass(frozen=True)
class Setting:
    """Where and how a check is carried out.

    Attributes:
        device: ``cuda`` or ``cpu``.
        tiny: whether sizes are tiny and cases few.
        seconds: that the check may take; one with many cases leaves the rest out.
        folder: for its files, empty.
    """

    device: str
    tiny: bool
    seconds: float
    folder: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        """Return whether no time is left for a further case."""
        return time.monotonic() - self.started > self.seconds


def use_tests() -> None:
    """Make the helpers of the tests importable."""
    for folder in (REPOSITORY, TESTS, TESTS / "tasks", TESTS / "transformer"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))


def worst(pairs: Iterable[tuple[Any, Any]]) -> float:
    """Return the largest difference of tensors, as a share of the largest value expected."""
    found, largest = 0.0, 0.0
    for actual, expected in pairs:
        found = max(found, float((actual.double().cpu() - expected.double().cpu()).abs().max()))
        largest = max(largest, float(expected.double().cpu().abs().max()))
    return found / max(largest, 1e-30)


def require(differences: dict[str, float], most: float) -> None:
    """Refuse differences that are too large, or no number.

    Raises:
        AssertionError: with all of them.
    """
    wrong = {name: value for name, value in differences.items() if not value <= most}
    if wrong:
        raise AssertionError(f"differ by more than {most:g} of the largest value: {wrong}")
