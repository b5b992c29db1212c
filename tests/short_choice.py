"""Let `toolkit choose` train for an epoch or two, though nothing could be gained from so few rows."""

from __future__ import annotations

import math

import pytest

from toolkit.choose.search import rounds, worth


def train_anyway(patch: pytest.MonkeyPatch, *, longest: float = 1.0, seeds: int = 1) -> None:
    """Set the lengths of runs, and let no run be left out as hopeless."""
    for name, value in (
        ("SHORTEST", 1.0),
        ("LONGEST", longest),
        ("FEWEST_STEPS", 2),
        ("ENOUGH_STEPS", 1),
        ("SEEDS", seeds),
        ("FEW_A_CLASS", 0),
    ):
        patch.setattr(rounds, name, value)
    patch.setattr(worth, "REMOVED", math.inf)
    patch.setattr(rounds, "is_hopeless", lambda *_, **__: False)
