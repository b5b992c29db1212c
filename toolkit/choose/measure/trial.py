"""Convert a measurement to a trial of the ledger."""

from __future__ import annotations

from pathlib import Path

from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement, Status
from toolkit.choose.measure.recipes import recipe_tree
from toolkit.recipe import build_recipe
from toolkit.recipe.resolved import recipe_digest
from toolkit.trials.ledger import Trial, new_trial


def trial_of(rows: Rows, candidate: Candidate, result: Measurement, *, seed: int, folder: Path) -> Trial:
    """Return the trial of a measurement; its metric is that of the validation examples.

    Args:
        rows: of the choice.
        candidate: the model.
        result: with a method, so that a recipe can carry it out; it may have failed.
        seed: of the choice.
        folder: of the choice.
    """
    recipe = build_recipe(recipe_tree(rows, candidate, str(result.method), parts=result.sections, seed=seed))
    failed = result.status is Status.FAILED
    value = {"value": result.value, "ci95": None if result.interval is None else list(result.interval)}
    return new_trial(
        status="failed" if failed else "done",
        recipe=f"choose-{result.method}",
        recipe_digest=recipe_digest(recipe),
        data_digest=rows.digest,
        task=rows.task.value,
        family=result.family,
        model=candidate.name,
        method=result.method,
        seed=seed,
        output_dir=str(folder),
        metrics=None if failed else {rows.judge.metric: value},
        cost={"seconds": result.seconds},
        error={"code": 1, "message": result.reason} if failed else None,
        note="toolkit choose: measured on the validation rows",
    )
