"""`toolkit report`: the whole work on one page, or as slides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import present_runs
from toolkit.language.spoken import language as spoken

EXAMPLE = console.example(
    "toolkit report",
    "toolkit report runs/first runs/second --output report.html --language ko",
    "toolkit report --slides deck.pptx",
)


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Run folders to tell of and to compare; without any, all trials of the ledger.",
            autocompletion=run_folders,
            callback=present_runs,
        ),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(help="Tell all its trials; by default runs/trials.jsonl, or the runs alone."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The page to write; by default report.html, and none beside --slides.")
    ] = None,
    slides: Annotated[
        Path | None,
        typer.Option(help="Write slides: .pptx for PowerPoint, Keynote, LibreOffice; .html for any browser."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Language of page and slides: en or ko; by default that of the terminal.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell the whole work on one page or as slides: what was tried, what failed, what won and by how much.

    The page needs nothing else: no network, no script. Failures and what was learnt come from the ledger, candidates
    from toolkit choose, and differences from paired tests on the same test rows.
    """
    from toolkit.report.written import Written

    written = Written.of(output, slides)
    from toolkit.report.story_lines import story_json, story_lines
    from toolkit.tell.write import report as carry_out

    asked = language or ("en" if as_json else spoken())
    story = carry_out(runs or [], ledger=ledger, written=written, language=asked)
    if as_json:
        console.print_json(story_json(story, written))
    else:
        console.print_lines(story_lines(story, written))
