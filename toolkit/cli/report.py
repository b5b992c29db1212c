"""`toolkit report`: the whole work on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import runs_there

EXAMPLE = console.example(
    "toolkit report",
    "toolkit report runs/first runs/second --output report.html --language ko",
)


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Run folders to tell of and to compare; without any, all trials of the ledger.",
            autocompletion=run_folders,
            callback=runs_there,
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Tell all its trials; by default runs/trials.jsonl, or the runs alone."),
    ] = None,
    output: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    language: Annotated[str, typer.Option(help="Language of the page: en or ko.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell the whole work on one page: what was tried, what failed, what won and by how much.

    The page needs nothing else: no network, no script. Failures and what was learnt come from the ledger, candidates
    from toolkit choose, and differences from paired tests on the same test rows.
    """
    from toolkit.report.story_lines import story_json, story_lines
    from toolkit.tell.write import report as carry_out

    story = carry_out(runs or [], ledger=ledger, output=output, language=language)
    if as_json:
        console.print_json(story_json(story, page=output))
    else:
        console.print_lines(story_lines(story, page=output))
