"""The story: recipe → data → model → training → evaluation → run folder → ledger.

Each stage gives back a frozen dataclass, and this module alone knows their order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import set_seed

from toolkit.adapters import LocatedModel, in_use, locate_model
from toolkit.adapters.features import model_digest
from toolkit.adapters.open import open_tokenizer
from toolkit.data.value_columns import Values, values_of_test
from toolkit.errors import HubError, RecipeError
from toolkit.evaluation.proof.golden import GOLDEN_FILE
from toolkit.files import read_json, write_json_atomically, write_text_atomically
from toolkit.hub.card.example import make_example
from toolkit.hub.card.render import render_card
from toolkit.hub.push.preflight import check_before_training
from toolkit.methods import METHODS, Used
from toolkit.names import Method
from toolkit.progress import say, warn
from toolkit.recipe import Recipe, recipe_digest, recipe_yaml, same_digests
from toolkit.report.page import render_page
from toolkit.run_result import RunResult
from toolkit.run_result.log import training_losses
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.tasks.seen_rows import measure_unseen
from toolkit.tasks.slices import measure_slices
from toolkit.training.trackers import tracking
from toolkit.trials.finished import (
    METRICS_FILE,
    PREDICTIONS_FILE,
    RECIPE_FILE,
    FinishedRun,
    SeedSpread,
    read_run,
    spread,
)
from toolkit.trials.learnt_rows import learnt_rows, write_learnt_rows
from toolkit.trials.ledger import find_trial, read_trials
from toolkit.trials.outcome import outcome
from toolkit.trials.recording import record_trial
from toolkit.trials.run_files import read_base, write_digests
from toolkit.trials.run_folder import RunIdentity, claim_run
from toolkit.workflow.little_memory import memory_told
from toolkit.workflow.reading import warn_of_reading
from toolkit.workflow.shortages import shortages_told, smaller

DEFAULT_RUNS = Path("runs")
DEFAULT_LEDGER = DEFAULT_RUNS / "trials.jsonl"


@memory_told(smaller)
def fine_tune(
    recipe: Recipe,
    *,
    name: str,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
    parent: str | None = None,
    reproduces: str | None = None,
) -> FinishedRun:
    """Carry out a recipe; go on with an unfinished run, show a finished one.

    Args:
        recipe: checked.
        name: of the recipe, for the default folder and the ledger.
        output_dir: the run folder; None takes ``runs/<name>-<digest>``.
        ledger: every trial that gets as far as its model is added here, failures included.
        restart: throw away what is there.
        parent: id of the trial that this one goes on from, or its beginning; None finds the one most like it.
        reproduces: the run that is carried out again; its trial, which may stand in another ledger, is then the parent.

    Raises:
        ToolkitError: of the kind that says what went wrong.
        Interrupted: after a checkpoint, when a signal asked for it.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError("a run is one process in this version; start it without torchrun or accelerate launch")
    if parent is not None and reproduces is None:
        parent = find_trial(read_trials(ledger)[0], parent).id
    digest = recipe_digest(recipe)
    folder = output_dir or DEFAULT_RUNS / f"{name}-{digest[:8]}"
    check_before_training(recipe.hub)
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    say(room.describe(data))
    for line in data.warnings:
        warn(line)
    values = values_of_test(recipe.data, data.test, recipe.evaluation.slices)
    identity = RunIdentity(digest, data.digest, _base_digest(recipe, folder), same_digests(recipe))
    with claim_run(folder, identity, restart=restart) as run:
        if run.finished:
            say("this run is finished; --restart would start over")
            if None not in (identity.base_digest, base := read_base(folder)) and identity.base_digest != base:
                warn(f"{recipe.model.label} is not the model that this run learnt from: its files have changed since")
            return read_run(folder)
        recorded = record_trial(
            recipe, identity, name=name, folder=folder, ledger=ledger, parent=parent, reproduces=reproduces
        )
        with recorded as trial, shortages_told(recipe, run.work):
            result = _carry_out(room, recipe, data, values, work=run.work)
            write_digests(run.work, base=identity.base_digest)
            trial.done(run.work, result)
            run.publish()
    return FinishedRun(folder, result)


def _base_digest(recipe: Recipe, folder: Path) -> str | None:
    """Return the digest of the files of a recipe's pretrained model.

    Raises:
        HubError: there is no such model, and no finished run to be shown without it.
    """
    if recipe.model.name is None:
        return None
    try:
        return model_digest(locate_model(recipe.model.name).folder)
    except HubError:
        if (folder / METRICS_FILE).is_file():
            return None
        raise


def _carry_out(room: TaskRoom, recipe: Recipe, data: TaskData, values: Values, *, work: Path) -> RunResult:
    """Use the model in the recipe's way, compare it with the baselines, and write everything down."""
    base: AbstractContextManager[None] = (
        nullcontext() if recipe.model.name is None else in_use(locate_model(recipe.model.name))
    )
    with base, tracking(recipe, work) as trackers:
        warn_of_reading(room, recipe, data.train)
        if recipe.way in (Method.FEATURES, Method.ZERO_SHOT):
            trackers.report([])  # without a trainer nobody else opens them before the work
        set_seed(recipe.seed)
        used = METHODS[recipe.way](room, recipe, data, work=work)
        trackers.report(used.course)
        figures = {f"test_{name}": metric.value for name, metric in used.result.metrics.items()}
        trackers.report([figures], step=used.trained.steps)
        written = room.written(recipe, data, used.result)
    baselines = room.baselines(data, recipe.metrics)
    learnt = learnt_rows(data, recipe.way)
    write_learnt_rows(work, learnt)
    seen = measure_unseen(room, used.answers, data.test, learnt=learnt, metrics=recipe.metrics)
    slices = _slices(room, recipe, used, values)
    measured = outcome(recipe, data, used, baselines=baselines, slices=slices, seen=seen)
    measured = replace(measured, cost={**measured.cost, **trackers.energy})
    model_config = read_json(used.folder / "config.json")
    example = make_example(measured, recipe, used.answers.columns(), folder=used.folder, model_config=model_config)
    result = replace(measured, example=example, data=replace(measured.data, cut=used.cut), written=written)
    _write_down(recipe, result, used, work=work, model_config=model_config)
    return result


def _write_down(recipe: Recipe, result: RunResult, used: Used, *, work: Path, model_config: Mapping[str, Any]) -> None:
    """Write all files of a run but its model and the digests."""
    text = recipe_yaml(recipe)
    if used.proof is not None:
        write_json_atomically(work / GOLDEN_FILE, used.proof.golden)
    write_text_atomically(work / RECIPE_FILE, text)
    write_json_atomically(work / METRICS_FILE, result.to_json())
    used.answers.write(work / PREDICTIONS_FILE)
    samples = [row.to_json() for row in result.written] or used.result.samples()
    page = render_page(result, recipe_yaml=text, samples=samples, losses=training_losses(work))
    write_text_atomically(work / "report.html", page)
    card = render_card(result, recipe, recipe_yaml=text, model_config=model_config)
    write_text_atomically(work / "README.md", card)


def _slices(room: TaskRoom, recipe: Recipe, used: Used, values: Values) -> dict[str, Any]:
    """Measure the result on parts of the test rows."""
    tokenizer, longest = open_tokenizer(
        LocatedModel(recipe.model.label, used.folder), max_length=recipe.data.max_length
    )
    return measure_slices(
        room,
        used.answers,
        tokenizer=tokenizer,
        max_length=None if room.reads_in_parts(used.family) else longest,
        metrics=recipe.metrics,
        values=values,
    )


def fine_tune_over_seeds(
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    name: str,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
    parent: str | None = None,
) -> SeedSpread:
    """Carry out a recipe once for each seed; all share the split, so only training differs.

    Args:
        recipe: checked; its own seed is replaced.
        seeds: two or more make a spread.
        name, output_dir, ledger, restart, parent: as for `fine_tune`; `output_dir` holds the runs.
    """
    folder = output_dir or DEFAULT_RUNS / f"{name}-{recipe_digest(recipe)[:8]}-seeds"
    runs = [
        fine_tune(
            recipe.model_copy(update={"seed": seed}),
            name=name,
            output_dir=folder / f"seed-{seed}",
            ledger=ledger,
            restart=restart,
            parent=parent,
        )
        for seed in seeds
    ]
    summary = spread(seeds, runs)
    write_json_atomically(folder / "seeds.json", summary)
    return SeedSpread(folder, summary)
