"""`toolkit trials`: what was tried, failures included."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import trial_ids

app = typer.Typer(
    help="The ledger of all trials.", epilog=console.example("toolkit trials list"), rich_markup_mode=None
)

Ledger = Annotated[Path, typer.Option(help="The ledger file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list", epilog=console.example("toolkit trials list"))
def list_all(ledger: Ledger = Path("runs/trials.jsonl"), as_json: Json = False) -> None:
    """List all trials, the latest last."""
    from toolkit.progress import warn
    from toolkit.trials.ledger import read_trials, trial_rows
    from toolkit.wording import table

    trials, warnings = read_trials(ledger)
    for line in warnings:
        warn(line)
    if as_json:
        console.print_json({"trials": [trial.to_json() for trial in trials]})
    elif trials:
        header, *rows = trial_rows(trials)
        console.print_lines(table(rows, header=header, spare=("seed", "time (UTC)", "model", "seconds")))
    else:
        console.print_lines([f"no trials in {ledger} yet; the first comes with: toolkit fine-tune movie-sentiment"])


@app.command(epilog=console.example("toolkit trials show 3f2a"))
def show(
    trial: Annotated[
        str, typer.Argument(metavar="TRIAL", help="The trial's id, or its beginning.", autocompletion=trial_ids)
    ],
    ledger: Ledger = Path("runs/trials.jsonl"),
    as_json: Json = False,
) -> None:
    """Show one trial with all that is known of it."""
    import yaml

    from toolkit.trials.ledger import find_trial, read_trials

    found = find_trial(read_trials(ledger)[0], trial).to_json()
    if as_json:
        console.print_json(found)
    else:
        console.print_lines([yaml.safe_dump(found, sort_keys=False, allow_unicode=True).rstrip("\n")])
