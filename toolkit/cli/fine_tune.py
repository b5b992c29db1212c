"""`toolkit fine-tune`: from a recipe to a run folder, with a pretrained model or one that starts at random."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.cli import console
from toolkit.cli.completion import trial_ids
from toolkit.cli.lists import RECIPE
from toolkit.errors import RecipeError

EXAMPLE = console.example(
    "toolkit fine-tune movie-sentiment training.num_train_epochs=1 --output-dir runs/first",
    "toolkit fine-tune chatbot-korean training.num_train_epochs=1",
)


def fine_tune(
    recipe: Annotated[str, RECIPE],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="KEY.PATH=VALUE", help="Changes to the recipe.")
    ] = None,
    output_dir: Annotated[
        Path | None, typer.Option(help="The run folder; by default runs/<recipe>-<digest of the recipe>.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same as seed=N.")] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Run once for each seed, such as 0,1,2, and report the spread.")
    ] = None,
    curve: Annotated[
        str | None,
        typer.Option(help="Learn from shares of the training rows, such as 0.1,0.3,1.0: is more data worth it?"),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start over instead of going on or showing what is there.")
    ] = False,
    ledger: Annotated[Path, typer.Option(help="The file that every trial is added to.")] = Path("runs/trials.jsonl"),
    note: Annotated[str | None, typer.Option(help="Why it is tried: the hypothesis, for the ledger.")] = None,
    parent: Annotated[
        str | None,
        typer.Option(
            help="The trial that it goes on from; by default the earlier one with the recipe most like it.",
            autocompletion=trial_ids,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train a model as a recipe says and evaluate it honestly.

    A pretrained model is fine-tuned; with method scratch our own Transformer learns from a random start.
    The same command goes on where an interrupted run was, and shows the result of a finished one.
    """
    if seeds is not None and seed is not None:
        raise RecipeError("--seed and --seeds exclude each other; keep one of them", where="--seeds")
    if seeds is not None and curve is not None:
        raise RecipeError("--seeds and --curve exclude each other; keep one of them", where="--curve")
    changes = [*(overrides or []), *([] if seed is None else [f"seed={seed}"])]
    changes += [] if note is None else [f"note={json.dumps(note, ensure_ascii=False)}"]
    several = None if seeds is None else _seed_list(seeds)
    shares = None if curve is None else _share_list(curve)
    from toolkit.recipe import find_recipe

    path = find_recipe(recipe)  # a misspelt name is answered before anything else is imported
    from toolkit.data.at_a_glance import refuse_at_a_glance
    from toolkit.data.own_rows import load_for_rows
    from toolkit.data.value_columns import refuse_values_at_a_glance

    loaded = load_for_rows(path, changes)
    data = loaded.data
    sources = (data.source, data.train, data.validation, data.test)
    refuse_at_a_glance(sources, data.columns, encoding=data.encoding, quoting=data.quoting)
    measured = [data.test or data.source or data.train]
    refuse_values_at_a_glance(measured, loaded.evaluation.slices, quoting=data.quoting, encoding=data.encoding)
    from toolkit.report.summary import run_summary, spread_summary
    from toolkit.trials.finished import METRICS_FILE
    from toolkit.workflow.fine_tune import fine_tune as carry_out
    from toolkit.workflow.fine_tune import fine_tune_over_seeds

    settings: dict[str, Any] = {
        "name": path.stem,
        "output_dir": output_dir,
        "ledger": ledger,
        "restart": restart,
        "parent": parent,
    }
    if several is not None:
        spread = fine_tune_over_seeds(loaded, several, **settings)
        if as_json:
            console.print_json(dict(spread.summary) | {"run": str(spread.folder)})
        else:
            console.print_lines(spread_summary(spread.summary, folder=str(spread.folder)))
        return
    if shares is not None:
        from toolkit.report.curve import curve_lines
        from toolkit.workflow.curve import fine_tune_on_shares

        found, _ = fine_tune_on_shares(loaded, shares, **settings)
        if as_json:
            console.print_json(found.to_json())
        else:
            console.print_lines(curve_lines(found))
        return
    run = carry_out(loaded, **settings)
    if as_json:
        console.print_json(run.result.to_json() | {"run": str(run.folder)})
    else:
        with run.showing(METRICS_FILE):
            lines = run_summary(run.result, folder=str(run.folder), samples=run.samples())
        console.print_lines(lines)


def _share_list(text: str) -> list[float]:
    from toolkit.trials.shares import checked_shares

    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise RecipeError(f"{text!r} is no list of numbers; write --curve 0.1,0.3,1.0", where="--curve") from None
    return checked_shares(numbers, where="--curve")


def _seed_list(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise RecipeError(f"{text!r} is no list of whole numbers; write --seeds 0,1,2", where="--seeds") from None
    if len(set(numbers)) != len(numbers):
        raise RecipeError(f"{text!r} names a seed twice", where="--seeds")
    if min(numbers) < 0:
        raise RecipeError("a seed is 0 or more", where="--seeds")
    return numbers
