"""Convert a measurement to a trial of the ledger."""

from __future__ import annotations

import signal
from pathlib import Path

from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement, Status
from toolkit.choose.measure.reasons import KILLED_BY, OUT_OF_MEMORY
from toolkit.choose.measure.recipes import recipe_tree
from toolkit.errors import ResourceError
from toolkit.interrupt import Interrupted
from toolkit.recipe import build_recipe, recipe_values
from toolkit.recipe.resolved import recipe_digest
from toolkit.trials.kin import flattened
from toolkit.trials.trial import Trial, new_trial

_STATUS = {Status.MEASURED: "done", Status.FAILED: "failed", Status.SKIPPED: "interrupted"}

_NOTE = "toolkit choose: measured on the validation rows"


def is_step(trial: Trial) -> bool:
    """Return whether a trial is a measurement of a choice; its metric is that of the validation rows then."""
    return trial.note == _NOTE


def trial_of(rows: Rows, candidate: Candidate, result: Measurement, *, seed: int, folder: Path) -> Trial:
    """Return the trial of a measurement; its metric is that of the validation examples.

    Args:
        rows: of the choice.
        candidate: the model.
        result: with a method, so that a recipe can carry it out; it may have failed, or have been stopped.
        seed: of the choice.
        folder: of the choice.
    """
    recipe = build_recipe(recipe_tree(rows, candidate, str(result.method), parts=result.sections, seed=seed))
    value = {"value": result.value, "ci95": None if result.interval is None else list(result.interval)}
    return new_trial(
        status=_status(result),
        recipe=f"choose-{result.method}",
        recipe_digest=recipe_digest(recipe),
        data_digest=rows.digest,
        task=rows.task.value,
        family=result.family,
        model=candidate.name,
        method=result.method,
        seed=seed,
        output_dir=str(folder),
        metrics={rows.judge.metric: value} if result.status is Status.MEASURED else None,
        cost={"seconds": result.seconds},
        error=None if result.status is Status.MEASURED else {"code": _code(result), "message": result.reason},
        note=_NOTE,
        settings=flattened(recipe_values(recipe)),
    )


def _status(result: Measurement) -> str:
    if result.details.get(OUT_OF_MEMORY):
        return "out-of-memory"
    if result.status is Status.FAILED and KILLED_BY in result.details:
        return "killed"
    return _STATUS[result.status]


def _code(result: Measurement) -> int:
    """Return the exit code of a command that ended so."""
    if result.status is Status.SKIPPED:
        return Interrupted(signal.SIGINT).exit_code
    return ResourceError.exit_code if result.details.get(OUT_OF_MEMORY) else 1
