"""The story: recipe → data → model → training → evaluation → run folder → ledger.

Each stage gives back a frozen dataclass, and this module alone knows their order.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from transformers import set_seed

from toolkit.adapters import LocatedModel
from toolkit.adapters.open import open_tokenizer
from toolkit.errors import RecipeError
from toolkit.evaluation.proof.golden import GOLDEN_FILE
from toolkit.files import write_json_atomically, write_text_atomically
from toolkit.hub.card.example import make_example
from toolkit.hub.card.render import render_card
from toolkit.hub.push.preflight import check_before_training
from toolkit.methods import METHODS, Used
from toolkit.progress import say, warn
from toolkit.recipe import Recipe, recipe_digest, recipe_yaml
from toolkit.report.page import render_page
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.tasks.slices import measure_slices
from toolkit.trials.finished import (
    METRICS_FILE,
    PREDICTIONS_FILE,
    RECIPE_FILE,
    FinishedRun,
    SeedSpread,
    read_run,
    spread,
    training_losses,
)
from toolkit.trials.outcome import outcome
from toolkit.trials.recording import record_trial
from toolkit.trials.run_files import write_digests
from toolkit.trials.run_folder import RunIdentity, claim_run

DEFAULT_RUNS = Path("runs")
DEFAULT_LEDGER = DEFAULT_RUNS / "trials.jsonl"


def fine_tune(
    recipe: Recipe,
    *,
    name: str,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
) -> FinishedRun:
    """Carry out a recipe; go on with an unfinished run, show a finished one.

    Args:
        recipe: checked.
        name: of the recipe, for the default folder and the ledger.
        output_dir: the run folder; None takes ``runs/<name>-<digest>``.
        ledger: every trial that gets as far as its model is added here, failures included.
        restart: throw away what is there.

    Raises:
        ToolkitError: of the kind that says what went wrong.
        Interrupted: after a checkpoint, when a signal asked for it.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError("a run is one process in this version; start it without torchrun or accelerate launch")
    digest = recipe_digest(recipe)
    folder = output_dir or DEFAULT_RUNS / f"{name}-{digest[:8]}"
    check_before_training(recipe.hub)
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    say(room.describe(data))
    for line in data.warnings:
        warn(line)
    identity = RunIdentity(digest, data.digest)
    with claim_run(folder, identity, restart=restart) as run:
        if run.finished:
            say("this run is finished; --restart would start over")
            return read_run(folder)
        with record_trial(recipe, identity, name=name, folder=folder, ledger=ledger) as trial:
            metrics = _carry_out(room, recipe, data, work=run.work)
            trial.done(run.work, metrics)
            run.publish()
    return FinishedRun(folder, metrics)


def _carry_out(room: TaskRoom, recipe: Recipe, data: TaskData, *, work: Path) -> dict[str, Any]:
    """Use the model in the recipe's way, put it beside the baselines, and write it all down."""
    set_seed(recipe.seed)
    used = METHODS[recipe.method](room, recipe, data, work=work)
    metrics = outcome(
        recipe,
        data,
        family=used.family,
        revision=used.revision,
        trained=used.trained,
        test=used.result,
        baselines=room.baselines(data, recipe.metrics),
        model_folder=used.folder,
        evaluate_seconds=used.evaluate_seconds,
    )
    _write_down(room, recipe, metrics, used, work=work)
    return metrics


def _write_down(room: TaskRoom, recipe: Recipe, metrics: dict[str, Any], used: Used, *, work: Path) -> None:
    """Write everything that a run leaves but its model; slices and the card's example are measured here."""
    text, answers = recipe_yaml(recipe), used.answers
    model_config = json.loads((used.folder / "config.json").read_text(encoding="utf-8"))
    metrics["splits"]["test"]["slices"] = _slices(room, recipe, used)
    metrics["example"] = make_example(
        metrics, yaml.safe_load(text), answers.columns(), folder=used.folder, model_config=model_config
    )
    if used.proof is not None:
        metrics["parity"] = {name: parity.to_json() for name, parity in used.proof.parity.items()}
        write_json_atomically(work / GOLDEN_FILE, used.proof.golden)
    write_text_atomically(work / RECIPE_FILE, text)
    write_json_atomically(work / METRICS_FILE, metrics)
    answers.write(work / PREDICTIONS_FILE)
    page = render_page(metrics, recipe_yaml=text, samples=used.result.samples(), losses=training_losses(work))
    write_text_atomically(work / "report.html", page)
    write_text_atomically(work / "README.md", render_card(metrics, recipe_yaml=text, model_config=model_config))
    write_digests(work)


def _slices(room: TaskRoom, recipe: Recipe, used: Used) -> dict[str, Any]:
    """Measure the test rows by length, script and unknown tokens."""
    tokenizer, longest = open_tokenizer(
        LocatedModel(recipe.model.label, used.folder), max_length=recipe.data.max_length
    )
    return measure_slices(
        room,
        used.answers,
        tokenizer=tokenizer,
        max_length=None if room.reads_in_parts(used.family) else longest,
        metrics=recipe.metrics,
    )


def fine_tune_over_seeds(
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    name: str,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
) -> SeedSpread:
    """Carry out a recipe once for each seed; all share the split, so only training differs.

    Args:
        recipe: checked; its own seed is replaced.
        seeds: two or more make a spread.
        name, output_dir, ledger, restart: as for `fine_tune`; `output_dir` holds the runs.
    """
    folder = output_dir or DEFAULT_RUNS / f"{name}-{recipe_digest(recipe)[:8]}-seeds"
    runs = [
        fine_tune(
            recipe.model_copy(update={"seed": seed}),
            name=name,
            output_dir=folder / f"seed-{seed}",
            ledger=ledger,
            restart=restart,
        )
        for seed in seeds
    ]
    summary = spread(seeds, runs)
    write_json_atomically(folder / "seeds.json", summary)
    return SeedSpread(folder, summary)
