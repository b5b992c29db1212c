"""The trial of a run, added to the ledger when it ends, well or not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolkit.adapters.opened import seeing_opened
from toolkit.errors import DataError, DivergedError, RecipeError, ResourceError, ToolkitError
from toolkit.files import write_json_atomically
from toolkit.interrupt import Interrupted
from toolkit.progress import warn
from toolkit.recipe import Recipe, recipe_values
from toolkit.run_result import RunResult
from toolkit.shortage import is_out_of_memory
from toolkit.trials.kin import flattened
from toolkit.trials.ledger import append_trial
from toolkit.trials.run_folder import TRIAL_FILE, RunIdentity
from toolkit.trials.running import KILLED, under_way
from toolkit.trials.trial import Trial, new_trial


@dataclass(frozen=True)
class TrialRecord:
    """The trial that is under way.

    Attributes:
        ledger: the file of all trials.
        facts: known from the start, as fields of `toolkit.trials.trial.Trial`.
        begun: as it would stand in the ledger if this process were killed.
        started: time by `time.monotonic`.
    """

    ledger: Path
    facts: Mapping[str, Any]
    begun: Trial
    started: float

    def done(self, work: Path, result: RunResult) -> None:
        """Add the trial to the ledger, and ``trial.json`` to a run that is about to be published."""
        trial = self._trial(
            status="done" if result.degenerate is None else "degenerate",
            family=result.family.value,
            metrics=result.test.to_json()["metrics"],
            cost=dict(result.cost),
            learnt_from=None if result.test.seen is None else result.test.seen.to_json(),
        )
        write_json_atomically(work / TRIAL_FILE, append_trial(self.ledger, trial).to_json())

    def ended_by(self, error: BaseException) -> None:
        """Add the trial of a run that did not get to its end."""
        code = 130 if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", 1)
        trial = self._trial(
            status=_status(error),
            cost={"seconds": round(time.monotonic() - self.started, 2)},
            error={"code": code, "message": str(error) or type(error).__name__},
        )
        try:
            append_trial(self.ledger, trial)
        except ResourceError as unwritten:  # what ended the run matters more, and may be the same full disk
            warn(f"the trial of this run is not in the ledger: {unwritten}")

    def _trial(self, **found: Any) -> Trial:
        return replace(new_trial(**self.facts, **found), id=self.begun.id)


@contextmanager
def record_trial(
    recipe: Recipe,
    identity: RunIdentity,
    *,
    name: str,
    folder: Path,
    ledger: Path,
    parent: str | None = None,
    reproduces: str | None = None,
) -> Iterator[TrialRecord]:
    """Add the trial of the block to the ledger when it ends, or afterwards if its process is killed.

    Errors of recipe and data (exit codes 2 and 3) before the model was opened leave nothing, for nothing was tried.

    Args:
        recipe: checked.
        identity: digests of recipe and data.
        name: of the recipe.
        folder: the run folder.
        ledger: the file of all trials.
        parent: id of the trial that this one goes on from; None finds the most like one.
        reproduces: the run that it carries out again, if it does.

    Raises:
        ResourceError: nothing can be written beside the ledger.
    """
    facts = {
        "recipe": name,
        "recipe_digest": identity.recipe_digest,
        "data_digest": identity.data_digest,
        "task": recipe.task.value,
        "model": recipe.model.label,
        "method": recipe.method,
        "seed": recipe.seed,
        "output_dir": str(folder),
        "note": recipe.note,
        "parent": parent,
        "reproduces": reproduces,
        "settings": flattened(recipe_values(recipe)),
    }
    record = TrialRecord(ledger, facts, new_trial(status="killed", error=dict(KILLED), **facts), time.monotonic())
    with under_way(ledger, record.begun), seeing_opened() as opened:
        try:
            yield record
        except (RecipeError, DataError) as error:
            if opened:
                record.ended_by(error)
            raise
        except (Exception, KeyboardInterrupt, Interrupted) as error:
            record.ended_by(error)
            raise


def _status(error: BaseException) -> str:
    """Return the status of a trial that an error has ended."""
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return "interrupted"
    if isinstance(error, DivergedError):
        return "diverged"
    if isinstance(error, (RecipeError, DataError)):
        return "refused"
    cause = error.__cause__ if isinstance(error, ToolkitError) else error
    return "out-of-memory" if cause is not None and is_out_of_memory(cause) else "failed"
