"""`toolkit push`: a run, or a model's folder, on the hub, and the proof that what is there works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import present
from toolkit.cli.verify import verified_lines

if TYPE_CHECKING:
    from toolkit.workflow.publish import Published

EXAMPLE = console.example(
    "toolkit push runs/quickstart you/movie-sentiment",
    "toolkit push runs/quickstart you/movie-sentiment --public --tag v1",
    "toolkit push runs/quickstart you/movie-sentiment --card-only --language ko",
)


def push(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run folder, or a model folder.", autocompletion=run_folders, callback=present
        ),
    ],
    repo_id: Annotated[
        str | None, typer.Argument(metavar="REPO_ID", help="owner/name; by default hub.repo_id of the recipe.")
    ] = None,
    public: Annotated[
        bool | None, typer.Option("--public/--private", help="Who sees a repository that is made for it.")
    ] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Propose it as a pull request.")] = False,
    revision: Annotated[str, typer.Option(help="The branch.")] = "main",
    tag: Annotated[str | None, typer.Option(help="A name for the commit.")] = None,
    merged: Annotated[bool, typer.Option("--merged", help="Send the merged model instead of the adapter.")] = False,
    rebase: Annotated[
        bool, typer.Option("--rebase", help="Go on top of somebody else's commit, and over files of the same names.")
    ] = False,
    card_only: Annotated[bool, typer.Option("--card-only", help="Write the card into the run; send nothing.")] = False,
    language: Annotated[
        str | None,
        typer.Option(help="Of the card's own words: en or ko; by default that of the run's card, or else en."),
    ] = None,
    space: Annotated[bool, typer.Option("--space", help="Also write a folder with a Gradio demo.")] = False,
    endpoint: Annotated[str | None, typer.Option(help="Address of another hub; by default HF_ENDPOINT.")] = None,
    trust_code: Annotated[
        bool,
        typer.Option("--trust-remote-code", help="Run the folder's own code to verify it; read that code first."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Publish as one commit: private unless --public, nothing but the model's files, verified from a fresh process."""
    from toolkit.errors import Fault, IntegrityError
    from toolkit.progress import say
    from toolkit.workflow.publish import publish
    from toolkit.workflow.show import check_demo, write_card, write_demo

    if space:
        check_demo(run, repo_id, merged=merged or card_only)
    if card_only:
        written = [write_card(run, repo_id, language=language), *([write_demo(run, repo_id)] if space else [])]
        as_text = [str(path) for path in written]
        console.print_json({"written": as_text}) if as_json else console.print_lines(as_text)
        return
    published = publish(
        run,
        repo_id,
        public=public,
        create_pr=create_pr,
        revision=revision,
        tag=tag,
        merged=merged,
        rebase=rebase,
        language=language,
        endpoint=endpoint,
        trust_code=trust_code,
    )
    if space:
        say(f"demo written to {write_demo(run, published.repo_id, commit=published.commit)}")
    if as_json:
        console.print_json(published.to_json())
    else:
        console.print_lines(_lines(published))
    if not published.passed:
        faults = [check for check in published.verified.checks if check.passed is False]
        where = f"{published.repo_id}@{published.commit[:12]}"
        console.report_faults(
            [Fault(f"it was published, but {check.name} failed: {check.detail}", where) for check in faults],
            code=IntegrityError.exit_code,
            as_json=False,
        )
        raise typer.Exit(IntegrityError.exit_code)


def _lines(published: Published) -> list[str]:
    size = sum(1 for _ in published.files)
    if published.sent or published.deleted:
        done = f"{len(published.sent)} of {size} files sent"
        done += f", {len(published.deleted)} deleted" if published.deleted else ""
    else:
        done = "nothing new, so no commit was made"
    return [
        published.url,
        f"commit {published.commit}: {done}; {published.bytes:,} bytes in all",
        *(f"note: {remark}" for remark in published.remarks),
        *verified_lines(published.verified),
    ]
