"""Is more data worth it? A recipe carried out on rising shares of its training rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from toolkit.errors import RecipeError
from toolkit.files import write_json_atomically, write_text_atomically
from toolkit.names import Method
from toolkit.progress import say
from toolkit.recipe import Recipe, recipe_digest
from toolkit.report.metric_words import metric_words
from toolkit.report.page import render_page
from toolkit.run_result.log import training_losses
from toolkit.trials.compared import ComparedRuns
from toolkit.trials.curve import NOTHING, STEPS, Curve, CurvePoint
from toolkit.trials.finished import RECIPE_FILE, FinishedRun
from toolkit.workflow.compare import compare
from toolkit.workflow.fine_tune import DEFAULT_LEDGER, DEFAULT_RUNS, fine_tune

CURVE_FILE = "curve.json"


def fine_tune_on_shares(
    recipe: Recipe,
    shares: Sequence[float],
    *,
    name: str,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
    parent: str | None = None,
) -> tuple[Curve, FinishedRun]:
    """Carry out a recipe once for each share of the training rows; the rows that choose and measure are the same.

    Smaller shares are parts of larger ones. Steps are kept equal where the method takes steps: a smaller share is read
    more often. With equal epochs it would also have learnt for less long, and the curve would show both at once.

    Args:
        recipe: checked.
        shares: rising, as `toolkit.trials.shares.checked_shares` returns them.
        name, output_dir, ledger, restart, parent: as for `fine_tune`; `output_dir` holds the runs.

    Returns:
        The curve, and the run on the largest share, whose page shows the curve.

    Raises:
        ToolkitError: before any work where the recipe has no curve, or the smallest share lacks a label; else as of
            `fine_tune`.
    """
    if recipe.way is Method.ZERO_SHOT:
        raise RecipeError("method zero-shot learns from no rows, so more of them change nothing; leave --curve out")
    if recipe.data.train_share is not None:
        raise RecipeError("--curve sets this itself; take it out of the recipe", where="data.train_share")
    folder = output_dir or DEFAULT_RUNS / f"{name}-{recipe_digest(recipe)[:8]}-curve"
    runs = []
    for share in shares:
        say(f"learning from {100 * share:g} % of the training rows")
        runs.append(
            fine_tune(
                _on_share(recipe, share),
                name=name,
                output_dir=folder / f"rows-{100 * share:g}",
                ledger=ledger,
                restart=restart,
                parent=parent,
            )
        )
    found = _curve(recipe, shares, runs, folder=folder)
    write_json_atomically(folder / CURVE_FILE, found.to_json())
    _show_on_page(runs[-1], found)
    return found, runs[-1]


def _on_share(recipe: Recipe, share: float) -> Recipe:
    """Return the recipe for a share of its rows, with as many steps as for all of them."""
    if share == 1:
        return recipe
    changes: dict[str, Any] = {"data": recipe.data.model_copy(update={"train_share": share})}
    training = recipe.training.for_trainer()
    if _takes_steps(recipe) and training["max_steps"] <= 0:
        epochs = {"num_train_epochs": training["num_train_epochs"] / share}
        changes["training"] = recipe.training.model_copy(update=epochs)
    return recipe.model_copy(update=changes)


def _takes_steps(recipe: Recipe) -> bool:
    return recipe.way is not Method.FEATURES


def _curve(recipe: Recipe, shares: Sequence[float], runs: Sequence[FinishedRun], *, folder: Path) -> Curve:
    """Compare each run with the one on the share before."""
    measured = runs[-1].result.test.metrics
    metric = next((name for name in measured if metric_words(name).greater_is_better is not None), next(iter(measured)))
    compared = [compare([str(run.folder) for run in pair]) for pair in pairwise(runs)]
    gains = [None, *(each.pairs[0].metrics.get(metric) for each in compared)]
    return Curve(
        folder=folder,
        metric=metric,
        kept_equal=STEPS if _takes_steps(recipe) else NOTHING,
        points=tuple(
            CurvePoint(share=share, run=str(run.folder), result=run.result, gain=gain)
            for share, run, gain in zip(shares, runs, gains, strict=True)
        ),
        notes=tuple(dict.fromkeys(note for each in compared for note in _notes(each, metric))),
    )


def _notes(compared: ComparedRuns, metric: str) -> list[str]:
    left_out = compared.left_out.get(metric)
    return [*map(str, compared.notes), *([] if left_out is None else [f"{metric} cannot be compared: {left_out}"])]


def _show_on_page(run: FinishedRun, curve: Curve) -> None:
    page = render_page(
        run.result,
        recipe_yaml=(run.folder / RECIPE_FILE).read_text(encoding="utf-8"),
        samples=[row.to_json() for row in run.result.written] or run.samples(),
        losses=training_losses(run.folder),
        curve=curve,
    )
    write_text_atomically(run.folder / "report.html", page)
