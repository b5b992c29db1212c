"""The course of a training loss: whether it has exploded and not come back."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from toolkit.errors import DivergedError

TIMES = 10.0
"""How many times its start a loss has exploded to; a model that guesses does not come near it."""

SMALLEST = 0.1
"""The start of losses that begin lower: a model that has learnt its task already may well lose some of it."""

STEPS = 10
"""The last steps whose median is the loss at the end, so that no single batch decides."""


@dataclass
class LossCourse:
    """The first loss of a training and its last ones; it is part of every checkpoint.

    Attributes:
        first: the loss of the first step, before any update; None before it.
        last: those of the last `STEPS` steps after it.
    """

    first: float | None = None
    last: list[float] = field(default_factory=list)

    @classmethod
    def from_info(cls, info: Mapping[str, Any] | None) -> LossCourse:
        """Restore the course from a checkpoint; one of an older version has none."""
        return cls(**(info or {}).get("loss_course", {}))

    def to_info(self) -> dict[str, Any]:
        """Return the course as a checkpoint keeps it."""
        return {"loss_course": asdict(self)}

    def add(self, loss: float) -> None:
        """Add the loss of a step; one that is not finite belongs to a step that is skipped."""
        if not math.isfinite(loss):
            return
        if self.first is None:
            self.first = loss
        else:
            self.last = [*self.last, loss][-STEPS:]

    def refuse_explosion(self) -> None:
        """Refuse a training whose loss has exploded.

        Raises:
            DivergedError: the loss at the end is ten times that of the first step or more.
        """
        if self.first is None or not self.last:
            return
        end = statistics.median(self.last)
        if end >= TIMES * max(self.first, SMALLEST):
            raise DivergedError(
                f"the loss rose from {self.first:.4g} to {end:.4g} and did not come back, so nothing was learnt; "
                "lower training.learning_rate"
            )
