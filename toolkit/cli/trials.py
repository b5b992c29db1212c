"""`toolkit trials`: what was tried, failures included."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import trial_ids

if TYPE_CHECKING:
    from toolkit.trials.trial import Trial

app = typer.Typer(
    help="The ledger of all trials.", epilog=console.example("toolkit trials list"), rich_markup_mode=None
)

TRIAL = typer.Argument(metavar="TRIAL", help="The trial's id, or its beginning.", autocompletion=trial_ids)
Ledger = Annotated[Path, typer.Option(help="The ledger file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("list", epilog=console.example("toolkit trials list"))
def list_all(ledger: Ledger = Path("runs/trials.jsonl"), as_json: Json = False) -> None:
    """List all trials, the latest last."""
    from toolkit.trials.ledger import trial_rows
    from toolkit.wording import table

    trials = _read(ledger)
    if as_json:
        console.print_json({"trials": [trial.to_json() for trial in trials]})
    elif trials:
        header, *rows = trial_rows(trials)
        spare = ("lesson", "hypothesis", "seed", "time (UTC)", "model", "seconds")
        console.print_lines(table(rows, header=header, spare=spare, ours=("status", "result")))
    else:
        console.print_lines([f"no trials in {ledger} yet; the first comes with: toolkit fine-tune movie-sentiment"])


@app.command(epilog=console.example("toolkit trials show 3f2a"))
def show(
    trial: Annotated[str, TRIAL],
    ledger: Ledger = Path("runs/trials.jsonl"),
    as_json: Json = False,
) -> None:
    """Show one trial with all that is known of it, and what changed against the one that it goes on from."""
    import yaml

    from toolkit.trials.kin import changes
    from toolkit.trials.ledger import find_trial

    trials = _read(ledger)
    found = find_trial(trials, trial)
    parent = next((other for other in trials if other.id == found.parent), None)
    told = found.to_json()
    if parent is not None and parent.settings and found.settings:
        told = {**told, "changed": changes(parent, found)}
    if as_json:
        console.print_json(told)
    else:
        # What changed says most, and all settings at the end are what is read last.
        told["settings"] = told.pop("settings", {})
        console.print_lines([yaml.safe_dump(told, sort_keys=False, allow_unicode=True).rstrip("\n")])


@app.command(epilog=console.example("toolkit trials note 3f2a 'twice the learning rate is too much'"))
def note(
    trial: Annotated[str, TRIAL],
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help="What was learnt of it, in your words.")],
    ledger: Ledger = Path("runs/trials.jsonl"),
    as_json: Json = False,
) -> None:
    """Note what was learnt of a trial."""
    from toolkit.errors import RecipeError
    from toolkit.trials.ledger import append_lesson, find_trial

    if not lesson.strip():
        raise RecipeError("the note is empty; write what was learnt", where="LESSON")
    found = find_trial(_read(ledger), trial)
    append_lesson(ledger, found, lesson.strip())
    if as_json:
        console.print_json(find_trial(_read(ledger), found.id).to_json())
    else:
        console.print_lines([f"noted of {found.id} ({found.recipe})"])


def _read(ledger: Path) -> list[Trial]:
    """Read all trials, those that were killed since among them; warn of what is none."""
    from toolkit.progress import warn
    from toolkit.trials.ledger import read_trials, settle_ledger

    settle_ledger(ledger)
    trials, warnings = read_trials(ledger)
    for line in warnings:
        warn(line)
    return trials
