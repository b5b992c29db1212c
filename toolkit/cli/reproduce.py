"""`toolkit reproduce`: a recorded run carried out again, and its figures held against the stated intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import present
from toolkit.errors import Fault, NotReproducedError

EXAMPLE = console.example(
    "toolkit reproduce runs/quickstart",
    "toolkit reproduce owner/model@v1 data.source=reviews.csv --output-dir runs/again",
)


def reproduce(
    target: Annotated[
        str,
        typer.Argument(
            metavar="RUN_OR_REPO",
            help="A run folder, or the repository (owner/name) that a run was pushed to.",
            autocompletion=run_folders,
            callback=present,
        ),
    ],
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY.PATH=PLACE", help="Where rows or model lie now: data.source=FILE, model.name=…"),
    ] = None,
    output_dir: Annotated[
        Path | None, typer.Option(help="The new run's folder; by default that of the run with -reproduced behind.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Carry it out anew where it was reproduced before.")
    ] = False,
    ledger: Annotated[Path, typer.Option(help="The file that the new trial is added to.")] = Path("runs/trials.jsonl"),
    endpoint: Annotated[
        str | None, typer.Option(help="Another hub; by default HF_ENDPOINT, or the public one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Carry a recorded run out again, and see whether each figure falls into its interval.

    Rows and base model have to be the same, by their digests. Versions and machine may differ, which is told. The
    card of the run says afterwards what came of it. Exit code 8: a figure fell outside of its interval.
    """
    from toolkit.report.reproduced import outside_lines, reproduced_lines
    from toolkit.workflow.reproduce import reproduce as carry_out

    reproduced = carry_out(
        target, places or (), output_dir=output_dir, ledger=ledger, restart=restart, endpoint=endpoint
    )
    if as_json:
        console.print_json(reproduced.to_json())
    else:
        console.print_lines(reproduced_lines(reproduced))
    if not reproduced.passed:
        faults = [Fault(line, where=reproduced.name) for line in outside_lines(reproduced)]
        console.report_faults(faults, code=NotReproducedError.exit_code, as_json=False)  # stdout has its object already
        raise typer.Exit(NotReproducedError.exit_code)
