"""The trial of a run, added to the ledger when it ends, well or not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import DataError, RecipeError, ResourceError
from toolkit.files import write_json_atomically
from toolkit.interrupt import Interrupted
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.trials.ledger import append_trial, new_trial
from toolkit.trials.run_folder import TRIAL_FILE, RunIdentity


@dataclass(frozen=True)
class TrialRecord:
    """The trial that is under way.

    Attributes:
        ledger: the file of all trials.
        facts: known from the start, as fields of `toolkit.trials.ledger.Trial`.
        started: time by `time.monotonic`.
    """

    ledger: Path
    facts: Mapping[str, Any]
    started: float

    def done(self, work: Path, result: RunResult) -> None:
        """Add the trial to the ledger, and ``trial.json`` to a run that is about to be published."""
        trial = new_trial(
            status="done" if result.degenerate is None else "degenerate",
            family=result.family.value,
            metrics=result.test.to_json()["metrics"],
            cost=dict(result.cost),
            learnt_from=None if result.test.seen is None else result.test.seen.to_json(),
            **self.facts,
        )
        write_json_atomically(work / TRIAL_FILE, append_trial(self.ledger, trial).to_json())

    def ended_by(self, error: BaseException) -> None:
        """Add the trial of a run that did not get to its end."""
        interrupted = isinstance(error, (Interrupted, KeyboardInterrupt))
        code = 130 if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", 1)
        trial = new_trial(
            status="interrupted" if interrupted else "failed",
            cost={"seconds": round(time.monotonic() - self.started, 2)},
            error={"code": code, "message": str(error) or type(error).__name__},
            **self.facts,
        )
        try:
            append_trial(self.ledger, trial)
        except ResourceError as unwritten:  # what ended the run matters more, and may be the same full disk
            warn(f"the trial of this run is not in the ledger: {unwritten}")


@contextmanager
def record_trial(
    recipe: Recipe, identity: RunIdentity, *, name: str, folder: Path, ledger: Path
) -> Iterator[TrialRecord]:
    """Add the trial of the block to the ledger when it ends.

    Errors of recipe and data (exit codes 2 and 3) leave nothing, for nothing was tried.

    Args:
        recipe: checked.
        identity: digests of recipe and data.
        name: of the recipe.
        folder: the run folder.
        ledger: the file of all trials.
    """
    record = TrialRecord(
        ledger,
        {
            "recipe": name,
            "recipe_digest": identity.recipe_digest,
            "data_digest": identity.data_digest,
            "task": recipe.task.value,
            "model": recipe.model.label,
            "method": recipe.method,
            "seed": recipe.seed,
            "output_dir": str(folder),
            "note": recipe.note,
        },
        time.monotonic(),
    )
    try:
        yield record
    except (RecipeError, DataError):
        raise
    except (Exception, KeyboardInterrupt, Interrupted) as error:
        record.ended_by(error)
        raise
