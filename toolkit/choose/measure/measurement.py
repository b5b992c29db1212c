"""The result of one candidate and method on the validation examples, with its costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from toolkit.tasks.judge import Answered


class Stage(StrEnum):
    """A stage of measuring, the cheapest first."""

    BASELINE = "baseline"
    ZERO_SHOT = "zero-shot"
    FEATURES = "features"
    RUN = "run"
    SEEDS = "seeds"


class Status(StrEnum):
    """Whether there is a result."""

    MEASURED = "measured"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One result, kept as a line of ``measured.jsonl``.

    Attributes:
        candidate: name of the model or the baseline.
        stage: of measuring.
        status: whether there is a result.
        method: as in a recipe; None for a baseline, and for a result that no recipe can reproduce.
        family: of the model.
        body: digest of the body; candidates that share it are measured once.
        recipe: sections of a recipe: ``features``, ``zero_shot``, ``training``, ``evaluation``, ``seed``.
        rows: indices of the validation examples that were answered; None: all of them.
        answers: one an example, in the form of the judge (`toolkit.tasks.judge.Judge`).
        value: of the judge's metric.
        interval: its 95 % interval.
        rows_learnt: number of training examples.
        seconds: that measuring took.
        rate: examples answered a second.
        costs: of the model in use, see `toolkit.choose.measure.costs`.
        details: further figures, such as the scores of each layer.
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
        """Return the candidate and method, for people."""
        return self.candidate if self.method in (None, self.candidate) else f"{self.candidate}, {self.method}"

    @property
    def answered(self) -> Answered:
        """Return the answers with the indices of their examples; none where nothing was measured."""
        return Answered((), ()) if self.answers is None else Answered(self.answers, self.rows)

    @property
    def sections(self) -> dict[str, Any]:
        """Return the sections of a recipe that reproduces the result."""
        kept = ("features", "zero_shot", "training", "evaluation")
        return {name: value for name, value in self.recipe.items() if name in kept}

    def to_json(self) -> dict[str, Any]:
        """Return all attributes as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Measurement:
        """Return the measurement of the values that `to_json` gave.

        Raises:
            TypeError, ValueError: these are no such values.
        """
        known = {entry.name for entry in fields(cls)}
        kept = {name: value for name, value in values.items() if name in known}
        interval = kept.get("interval")
        kept["interval"] = None if interval is None else (float(interval[0]), float(interval[1]))
        return cls(**{**kept, "stage": Stage(kept["stage"]), "status": Status(kept["status"])})


def epochs_in_words(epochs: float) -> str:
    """Return a number of epochs for people: ``1 epoch``, ``0.5 epochs``."""
    return f"{epochs:g} epoch" if epochs == 1 else f"{epochs:g} epochs"
