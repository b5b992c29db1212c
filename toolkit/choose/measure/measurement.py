"""What was measured: one way to use one candidate, on the validation rows, with all that it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from toolkit.tasks.judge import Answered


class Stage(StrEnum):
    """Where in the order of measuring, cheapest first."""

    BASELINE = "baseline"
    ZERO_SHOT = "zero-shot"
    FEATURES = "features"
    RUN = "run"
    SEEDS = "seeds"


class Status(StrEnum):
    """What became of it."""

    MEASURED = "measured"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One result, kept as a line of ``measured.jsonl``.

    Attributes:
        candidate: the model's name, or the baseline's.
        stage: of measuring.
        status: whether there is a result.
        method: as in a recipe; a baseline and what no recipe can say has none.
        family: of the model.
        body: digest of what reads the text; candidates that share it are measured once.
        recipe: the parts of a recipe that say how: ``features``, ``zero_shot``, ``training``, ``peft``, ``seed``.
        rows: the numbers of the validation rows that were answered; None: all of them.
        answers: as `toolkit.tasks.judge.Judge` reads them, one a row.
        value: of the task's metric.
        interval: its 95 % interval.
        rows_learnt: how many rows it learnt from.
        seconds: what measuring it took.
        rate: rows that were read in a second.
        costs: of using it, see `toolkit.choose.measure.costs`.
        details: what else is to be known, such as the scores of each layer.
        reason: why it was skipped or failed, in a sentence.
    """

    candidate: str
    stage: Stage
    status: Status = Status.MEASURED
    method: str | None = None
    family: str | None = None
    body: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    rows: list[int] | None = None
    answers: list[Any] | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None
    rows_learnt: int = 0
    seconds: float = 0.0
    rate: float | None = None
    costs: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None

    @property
    def name(self) -> str:
        """For people."""
        return self.candidate if self.method in (None, self.candidate) else f"{self.candidate}, {self.method}"

    @property
    def answered(self) -> Answered:
        """The answers with the indices of their examples; none where nothing was measured."""
        return Answered((), ()) if self.answers is None else Answered(self.answers, self.rows)

    @property
    def sections(self) -> dict[str, Any]:
        """The sections of a recipe that say how it was done."""
        return {name: value for name, value in self.recipe.items() if name in ("features", "zero_shot", "training")}

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Measurement:
        """The opposite of `to_json`.

        Raises:
            TypeError, ValueError: these are not the values of a measurement.
        """
        known = {entry.name for entry in fields(cls)}
        kept = {name: value for name, value in values.items() if name in known}
        interval = kept.get("interval")
        kept["interval"] = None if interval is None else (float(interval[0]), float(interval[1]))
        return cls(**{**kept, "stage": Stage(kept["stage"]), "status": Status(kept["status"])})


def told_epochs(epochs: float) -> str:
    """A number of passes over the rows, for people: ``1 epoch``, ``0.5 epochs``."""
    return f"{epochs:g} epoch" if epochs == 1 else f"{epochs:g} epochs"
