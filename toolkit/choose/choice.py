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
from toolkit.choose.measure.written import Written


@dataclass(frozen=True)
class Choice:
    """The result of a choice.

    Attributes:
        rows: the data.
        look: the texts as each candidate's tokenizer reads them.
        advice: on the families, before measuring.
        measured: all results.
        decision: which results are worth their cost, and the recommended one.
        recipes: of the front.
        on_test: the recommended model or baseline on the test examples; None where nothing is recommended.
        run: the folder of the run with the recommended model; None where none is saved.
        written: what the recommended result writes beside the baselines; None where nothing is written.
        budget: the time limit.
        seconds: that the choice took.
        folder: the output folder.
    """

    rows: Rows
    look: Look
    advice: tuple[Advice, ...]
    measured: tuple[Measurement, ...]
    decision: Decision
    recipes: HandedOver
    on_test: OnTest | None
    run: Path | None
    written: Written | None
    budget: Budget
    seconds: float
    folder: Path
