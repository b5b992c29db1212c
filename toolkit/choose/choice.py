"""The result of `toolkit choose`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit.choose.advice.advise import Advice
from toolkit.choose.decision.decide import Decision
from toolkit.choose.decision.hand_over import HandedOver
from toolkit.choose.look.look import Look
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.measurement import Measurement
from toolkit.choose.measure.on_test import OnTest


@dataclass(frozen=True)
class Choice:
    """All that came of a choice.

    Attributes:
        rows: the data.
        look: what the data are to each candidate's tokenizer.
        advice: what is known of the families before measuring.
        measured: all results.
        decision: what follows from them.
        recipes: of the front.
        on_test: the recommended way on the test rows; None where nothing is recommended.
        budget: the clock.
        seconds: that it all took.
        folder: the output folder.
    """

    rows: Rows
    look: Look
    advice: tuple[Advice, ...]
    measured: tuple[Measurement, ...]
    decision: Decision
    recipes: HandedOver
    on_test: OnTest | None
    budget: Budget
    seconds: float
    folder: Path
