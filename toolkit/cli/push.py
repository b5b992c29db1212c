"""`toolkit push`: a run, or a model's folder, on the hub, and the proof that what is there works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import present
from toolkit.cli.verify import check_lines, verified_lines
from toolkit.errors import Fault, IntegrityError
from toolkit.workflow.publish_options import refuse_options_of_the_other

if TYPE_CHECKING:
    from toolkit.hub.verify.checks import Check
    from toolkit.workflow.publish import Published
    from toolkit.workflow.publish_rows import PublishedRows

EXAMPLE = console.example(
    "toolkit push runs/quickstart you/movie-sentiment",
    "toolkit push runs/quickstart you/movie-sentiment --public --tag v1",
    "toolkit push runs/quickstart you/movie-sentiment --card-only --language ko",
    "toolkit push runs/quickstart you/movie-reviews --dataset --data-license cc-by-4.0",
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
    dataset: Annotated[
        bool, typer.Option("--dataset", help="Publish the rows instead, as a data set: where their licence allows.")
    ] = False,
    data_license: Annotated[
        str | None, typer.Option(help="With --dataset: the licence of the rows, such as cc-by-4.0.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="Address of another hub; by default HF_ENDPOINT.")] = None,
    trust_code: Annotated[
        bool,
        typer.Option("--trust-remote-code", help="Run the folder's own code to verify it; read that code first."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Publish as one commit: private unless --public, nothing but the model's files, verified from a fresh process."""
    refuse_options_of_the_other(
        dataset=dataset,
        of_models={"--create-pr": create_pr, "--merged": merged, "--space": space, "--trust-remote-code": trust_code},
        of_rows={"--data-license": data_license},
        rows_by="--dataset",
    )
    if dataset and card_only:
        from toolkit.workflow.publish_rows import write_rows_card

        card = write_rows_card(run, repo_id, licence=data_license, language=language, endpoint=endpoint)
        console.print_json({"written": [str(card)]}) if as_json else console.print_lines([str(card)])
        return
    if dataset:
        from toolkit.workflow.publish_rows import publish_rows

        rows = publish_rows(
            run,
            repo_id,
            licence=data_license,
            public=public,
            revision=revision,
            tag=tag,
            rebase=rebase,
            language=language,
            endpoint=endpoint,
        )
        console.print_json(rows.to_json()) if as_json else console.print_lines(_lines_of_rows(rows))
        _end(rows.checks, where=f"{rows.repo_id}@{rows.commit[:12]}")
        return
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
    _end(published.verified.checks, where=f"{published.repo_id}@{published.commit[:12]}")


def _end(checks: Sequence[Check], *, where: str) -> None:
    """End with exit code 7 where what was published is not what was sent."""
    failed = [check for check in checks if check.passed is False]
    if failed:
        faults = [Fault(f"it was published, but {check.name} failed: {check.detail}", where) for check in failed]
        console.report_faults(faults, code=IntegrityError.exit_code, as_json=False)  # stdout has its object already
        raise typer.Exit(IntegrityError.exit_code)


def _lines_of_rows(rows: PublishedRows) -> list[str]:
    sent = f"{len(rows.sent)} of {len(rows.files)} files sent" if rows.sent else "nothing new, so no commit was made"
    return [
        rows.url,
        f"commit {rows.commit}: {sent}; {rows.bytes:,} bytes in all",
        *([f"note: the card is there without the rows: {rows.alone}"] if rows.alone else []),
        *(f"note: {line}" for line in rows.personal),
        *check_lines(rows.checks),
    ]


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
