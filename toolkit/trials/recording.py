"""Every run leaves a trial in the ledger, whatever becomes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import DataError, RecipeError, ToolkitError
from toolkit.files import write_json_atomically
from toolkit.interrupt import Interrupted
from toolkit.recipe import Recipe
from toolkit.trials.ledger import Trial, append_trial, latest_of, new_trial
from toolkit.trials.run_folder import TRIAL_FILE, RunIdentity


@dataclass
class TrialRecord:
    """What becomes of the trial that is under way.

    Attributes:
        facts: what is known from the start, as fields of `Trial`.
        trial: set once the run is done.
    """

    facts: Mapping[str, Any]
    trial: Trial | None = None
    started: float = field(default_factory=time.monotonic)

    def done(self, work: Path, metrics: Mapping[str, Any]) -> None:
        """Write ``trial.json`` into a run that is about to be published."""
        figures = {"metrics": metrics["splits"]["test"]["metrics"], "cost": metrics["cost"]}
        self.trial = new_trial(status="done", family=metrics["family"], **figures, **self.facts)
        write_json_atomically(work / TRIAL_FILE, asdict(self.trial))

    def ended_by(self, error: BaseException) -> Trial:
        """The trial of a run that did not get to its end."""
        interrupted = isinstance(error, (Interrupted, KeyboardInterrupt))
        code = 130 if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", 1)
        return new_trial(
            status="interrupted" if interrupted else "failed",
            cost={"seconds": round(time.monotonic() - self.started, 2)},
            error={"code": code, "message": str(error) or type(error).__name__},
            **self.facts,
        )


@contextmanager
def record_trial(
    recipe: Recipe, identity: RunIdentity, *, name: str, folder: Path, ledger: Path
) -> Iterator[TrialRecord]:
    """Add the trial of what happens inside to the ledger.

    Errors of recipe and data (exit codes 2 and 3) leave nothing: nothing was tried.

    Args:
        recipe: what is being tried.
        identity: digests of recipe and data.
        name: of the recipe.
        folder: the run folder.
        ledger: the file of all trials.
    """
    record = TrialRecord(
        {
            "parent": latest_of(ledger, name),
            "recipe": name,
            "recipe_digest": identity.recipe_digest,
            "data_digest": identity.data_digest,
            "task": recipe.task.value,
            "model": recipe.model.name,
            "method": recipe.method.value,
            "seed": recipe.seed,
            "output_dir": str(folder),
            "note": recipe.note,
        }
    )
    try:
        yield record
    except (RecipeError, DataError):
        raise
    except (ToolkitError, Exception, KeyboardInterrupt, Interrupted) as error:
        append_trial(ledger, record.ended_by(error))
        raise
    if record.trial is not None:
        append_trial(ledger, record.trial)
