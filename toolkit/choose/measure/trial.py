"""A measurement as a trial of the ledger."""

from __future__ import annotations

from pathlib import Path

from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement, Status
from toolkit.choose.measure.recipes import recipe_tree
from toolkit.names import Method
from toolkit.recipe import build_recipe
from toolkit.recipe.resolved import recipe_digest
from toolkit.trials.ledger import Trial, new_trial


def trial_of(rows: Rows, candidate: Candidate, made: Measurement, *, seed: int, folder: Path) -> Trial:
    """What was tried and what came out, as `toolkit trials` lists it; the metric is that of the validation rows.

    Args:
        rows: of the choice.
        candidate: the model.
        made: a result of a way that a recipe can carry out, or that failed.
        seed: of the choice.
        folder: of the choice.
    """
    recipe = build_recipe(recipe_tree(rows, candidate, Method(str(made.method)), parts=made.sections, seed=seed))
    failed = made.status is Status.FAILED
    value = {"value": made.value, "ci95": None if made.interval is None else list(made.interval)}
    return new_trial(
        status="failed" if failed else "done",
        recipe=f"choose-{made.method}",
        recipe_digest=recipe_digest(recipe),
        data_digest=rows.digest,
        task=rows.task.value,
        family=made.family,
        model=candidate.name,
        method=made.method,
        seed=seed,
        output_dir=str(folder),
        metrics=None if failed else {rows.judge.metric: value},
        cost={"seconds": made.seconds},
        error={"code": 1, "message": made.reason} if failed else None,
        note="toolkit choose: measured on the validation rows",
    )
