"""`toolkit compare`: what differs between runs, and whether their results do."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import present_runs

EXAMPLE = console.example("toolkit compare runs/first runs/second", "toolkit compare runs/a runs/b runs/c --wide")


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN_A RUN_B...",
            help="Run folders; the others are compared with the first.",
            autocompletion=run_folders,
            callback=present_runs,
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare finished runs: what differs between their recipes, and whether that made a difference.

    Each metric is compared on the same test rows, by a paired bootstrap; accuracy by McNemar's exact test too.
    Runs with other test rows are compared on those that all of them have.
    """
    from toolkit.report.compared import compared_lines
    from toolkit.workflow.compare import compare as carry_out

    compared = carry_out(runs)
    if as_json:
        console.print_json(compared.to_json())
    else:
        console.print_lines(compared_lines(compared))
