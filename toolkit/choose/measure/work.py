"""The context of all measurements of a choice: data, clock and earlier results; and the handling of failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from toolkit.adapters.features import model_digest
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.notebook import Notebook
from toolkit.choose.measure.own_process import KilledError, OutOfTimeError, in_own_process
from toolkit.choose.measure.reasons import failed, killed
from toolkit.choose.measure.trial import trial_of
from toolkit.interrupt import Interrupted
from toolkit.progress import say
from toolkit.report.facts import duration
from toolkit.training.memory import keep_freed_memory
from toolkit.trials.ledger import append_trial
from toolkit.trials.running import KILLED, forget_killed, under_way
from toolkit.trials.trial import Trial

_UNRECORDED = (Stage.ZERO_SHOT, Stage.FEATURES)  # runs that end by themselves write to the ledger themselves


@dataclass(frozen=True)
class Work:
    """The context of all measurements of a choice.

    Attributes:
        rows: the data.
        budget: the clock.
        notebook: earlier results.
        folder: the output folder.
        ledger: the file that every trial is added to.
        seed: of heads and runs.
        language: of prompts.
        digests: of the candidates' files, by name; filled as they are needed.
    """

    rows: Rows
    budget: Budget
    notebook: Notebook
    folder: Path
    ledger: Path
    seed: int = 0
    language: str = "en"
    digests: dict[str, str] = field(default_factory=dict)

    def digest(self, candidate: Candidate) -> str:
        """Return the digest of a candidate's files; for our own Transformer its name."""
        if candidate.located is None:
            return candidate.name
        if candidate.name not in self.digests:
            self.digests[candidate.name] = model_digest(candidate.located.folder)
        return self.digests[candidate.name]

    def measure(
        self,
        candidate: Candidate,
        stage: Stage,
        measure: Callable[[Work], Measurement],
        *,
        method: str | None,
        seconds: float,
        settings: Mapping[str, Any] | None = None,
        enough: Callable[[Measurement], bool] = lambda _: True,
    ) -> Measurement:
        """Measure a candidate once in a process of its own.

        A failure, a time-out and a process that the system has killed are results too, and the choice goes on.

        Args:
            candidate: to measure.
            stage, method: of the result.
            measure: measures, and may raise any error; picklable.
            seconds: time limit.
            settings: what the result depends on, beside data, candidate and stage.
            enough: returns whether an earlier result can be used again.
        """

        def attempt() -> Measurement:
            unmeasured = Measurement(
                candidate=candidate.name,
                stage=stage,
                status=Status.SKIPPED,
                method=method,
                family=None if candidate.family is None else candidate.family.value,
                recipe=dict(settings or {}),
            )
            return self._attempt(candidate, measure, unmeasured, seconds=seconds)

        result = self.notebook.once(
            stage, model=self.digest(candidate), settings=settings or {}, measure=attempt, enough=enough
        )
        # An earlier result may be that of another candidate with the same files, or judged by another metric.
        result = replace(result, candidate=candidate.name, **self._judged(result))
        say(f"[{duration(self.budget.spent())}] {self.line(result)}")
        return result

    def _judged(self, result: Measurement) -> dict[str, Any]:
        if result.answers is None:
            return {}
        judge = self.rows.judge
        return {"value": judge.value(result.answered), "interval": judge.interval(result.answered)}

    def _attempt(
        self, candidate: Candidate, measure: Callable[[Work], Measurement], unmeasured: Measurement, *, seconds: float
    ) -> Measurement:
        started, is_recorded = time.monotonic(), unmeasured.stage not in _UNRECORDED
        result, began = unmeasured, time.time()
        mark = nullcontext() if is_recorded or unmeasured.method is None else self._mark(candidate, unmeasured)
        try:
            with mark:
                result = in_own_process(partial(_measured, self, measure, unmeasured), seconds=seconds)
        except OutOfTimeError as error:
            needed = {"needed_seconds": round(error.seconds, 1)} if error.seconds else {}
            result, is_recorded = replace(unmeasured, reason=str(error), details=needed), not needed
        except KilledError as error:
            result, is_recorded = replace(unmeasured, status=Status.FAILED, **killed(candidate, error)), False
        except (KeyboardInterrupt, Interrupted):
            result, is_recorded = replace(unmeasured, reason="interrupted"), False
            raise
        finally:
            result = replace(result, seconds=round(time.monotonic() - started, 2))
            is_tried = result.status is not Status.SKIPPED or result.stage not in _UNRECORDED
            if not is_recorded and result.method is not None and is_tried:
                forget_killed(self.ledger, since=began)  # the run's own mark: this one tells why it was killed
                append_trial(self.ledger, self._trial(candidate, result))
        return result

    def _trial(self, candidate: Candidate, result: Measurement) -> Trial:
        return trial_of(self.rows, candidate, result, seed=self.seed, folder=self.folder)

    def _mark(self, candidate: Candidate, unmeasured: Measurement) -> AbstractContextManager[None]:
        """Return the context in which the ledger finds out if this process is killed, with all that it has started."""
        trial = self._trial(candidate, unmeasured)
        return under_way(self.ledger, replace(trial, status="killed", error=dict(KILLED)))

    def line(self, result: Measurement) -> str:
        """Return a result in one line."""
        what = f"{result.stage}: {result.name}"
        if result.value is None:
            return f"{what}: {result.status}, {result.reason}" if result.reason else f"{what}: {result.status}"
        return f"{what}: {self.rows.judge.metric} {result.value:.3f} in {duration(result.seconds)}"


def skipped(
    candidate: Candidate, stage: Stage, reason: str, *, method: str | None = None, needed: float | None = None
) -> Measurement:
    """Return the result of a candidate that was not measured.

    Args:
        candidate, stage, method: of the result.
        reason: why, in a sentence.
        needed: the seconds that measuring would have taken, where time was the reason.
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


def _measured(work: Work, measure: Callable[[Work], Measurement], unmeasured: Measurement) -> Measurement:
    """Measure, in a process of its own.

    Nothing is raised: a fault of any library is a result, and so is a panic of Rust, which is no `Exception`.
    """
    keep_freed_memory()
    try:
        return measure(work)
    except BaseException as error:
        return replace(unmeasured, status=Status.FAILED, **failed(error))
