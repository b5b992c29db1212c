"""What every measurement shares: the rows, the clock, what was measured before; and what becomes of one that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolkit.adapters.features import model_digest
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.deadline import OutOfTimeError, within
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.notebook import Notebook
from toolkit.choose.measure.trial import trial_of
from toolkit.errors import ToolkitError
from toolkit.progress import say
from toolkit.report.facts import duration
from toolkit.trials.ledger import append_trial

_UNRECORDED = (Stage.ZERO_SHOT, Stage.FEATURES)  # runs add themselves to the ledger


@dataclass(frozen=True)
class Work:
    """A choice under way.

    Attributes:
        rows: the data.
        budget: the clock.
        notebook: what was measured before.
        folder: the output folder.
        ledger: that every trial is added to.
        seed: of heads and runs.
        language: of prompts.
        use_bf16: whether many rows are read in bfloat16.
    """

    rows: Rows
    budget: Budget
    notebook: Notebook
    folder: Path
    ledger: Path
    seed: int = 0
    language: str = "en"
    use_bf16: bool = False
    digests: dict[str, str] = field(default_factory=dict)

    def digest(self, candidate: Candidate) -> str:
        """Of a candidate's files; of our own Transformer its name."""
        if candidate.located is None:
            return candidate.name
        if candidate.name not in self.digests:
            self.digests[candidate.name] = model_digest(candidate.located.folder)
        return self.digests[candidate.name]

    def measure(
        self,
        candidate: Candidate,
        stage: Stage,
        measure: Callable[[], Measurement],
        *,
        method: str | None,
        seconds: float,
        settings: Mapping[str, Any] | None = None,
        enough: Callable[[Measurement], bool] = lambda _: True,
    ) -> Measurement:
        """One measurement of a candidate; whatever ends it early is its result, and the choice goes on.

        Args:
            candidate: that is measured.
            stage, method: of the result.
            measure: does it; raises whatever it raises.
            seconds: that it may take.
            settings: what decides the result beside data, candidate and stage.
            enough: whether a result from before will do.
        """

        def attempt() -> Measurement:
            started = time.monotonic()
            told_so_far = Measurement(
                candidate=candidate.name,
                stage=stage,
                method=method,
                family=None if candidate.family is None else candidate.family.value,
                recipe=dict(settings or {}),
            )
            try:
                with within(seconds):
                    made = measure()
            except OutOfTimeError as error:
                needed = {"needed_seconds": round(error.seconds, 1)} if error.seconds else {}
                made = replace(told_so_far, status=Status.SKIPPED, reason=str(error), details=needed)
            except Exception as error:  # of any library, such as too little memory: the others go on
                made = replace(told_so_far, status=Status.FAILED, reason=reason_of(error))
            made = replace(made, seconds=round(time.monotonic() - started, 2))
            if made.stage in _UNRECORDED and made.method is not None and made.status is not Status.SKIPPED:
                append_trial(self.ledger, trial_of(self.rows, candidate, made, seed=self.seed, folder=self.folder))
            return made

        made = self.notebook.once(
            stage, model=self.digest(candidate), settings=settings or {}, measure=attempt, enough=enough
        )
        # Another candidate's files may be the same: the result is this one's all the same.
        made = replace(made, candidate=candidate.name)
        say(f"[{duration(self.budget.spent())}] {self.line(made)}")
        return made

    def line(self, made: Measurement) -> str:
        """A result in a line."""
        what = f"{made.stage}: {made.name}"
        if made.value is None:
            return f"{what}: {made.status}, {made.reason}" if made.reason else f"{what}: {made.status}"
        return f"{what}: {self.rows.judge.metric} {made.value:.3f} in {duration(made.seconds)}"


def skipped(
    candidate: Candidate, stage: Stage, reason: str, *, method: str | None = None, needed: float | None = None
) -> Measurement:
    """A result that says why there is none.

    Args:
        candidate, stage, method: of the result.
        reason: in a sentence.
        needed: the seconds that it would have taken, where time was the reason.
    """
    return Measurement(
        candidate=candidate.name,
        stage=stage,
        status=Status.SKIPPED,
        method=method,
        family=None if candidate.family is None else candidate.family.value,
        details={} if needed is None else {"needed_seconds": round(needed, 1)},
        reason=reason,
    )


def reason_of(error: Exception) -> str:
    """Why something failed, in a line."""
    if isinstance(error, ToolkitError):
        return error.faults[0].message
    if isinstance(error, MemoryError) or "out of memory" in str(error):
        return "out of memory"
    line = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {line}" if line else type(error).__name__
