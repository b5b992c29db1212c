"""`toolkit verify`: proof that a published or saved model works without the toolkit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import present
from toolkit.errors import Fault, IntegrityError

if TYPE_CHECKING:
    from toolkit.hub.verify.checks import Check
    from toolkit.hub.verify.verdict import Verified

EXAMPLE = console.example("toolkit verify runs/quickstart", "toolkit verify owner/model --revision v1")

_WORDS = {True: "ok", False: "failed", None: "not checked"}


def verify(
    target: Annotated[
        str,
        typer.Argument(
            metavar="REPO_OR_RUN",
            help="A repository (owner/name), a run folder or a model folder.",
            autocompletion=run_folders,
            callback=present,
        ),
    ],
    revision: Annotated[str | None, typer.Option(help="A branch, tag or commit of the repository.")] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Another hub; by default HF_ENDPOINT, or the public one.")
    ] = None,
    trust_code: Annotated[
        bool,
        typer.Option(
            "--trust-remote-code", help="Let code of the model run that is not the toolkit's own; read it first."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Open a model as anyone would, in a fresh process without the toolkit, and compare.

    The answers to the golden rows are compared with those that were kept when the model was made, the figures of the
    card with metrics.json; the head, the label names, the tokenizer and the list of files are looked at. Exit code 7:
    a check failed.
    """
    from toolkit.workflow.verify import verify as carry_out

    verified = carry_out(target, revision=revision, endpoint=endpoint, trust_code=trust_code)
    if as_json:
        console.print_json(verified.to_json())
    else:
        console.print_lines(verified_lines(verified))
    failed = [check for check in verified.checks if check.passed is False]
    if failed:
        faults = [Fault(f"{check.name}: {check.detail}", where=verified.repo) for check in failed]
        console.report_faults(faults, code=IntegrityError.exit_code, as_json=False)  # stdout has its object already
        raise typer.Exit(IntegrityError.exit_code)


def check_lines(checks: Sequence[Check]) -> list[str]:
    """Return checks, one a line."""
    return [f"{_WORDS[check.passed]:<12} {check.name:<10} {check.detail}" for check in checks]


def verified_lines(verified: Verified) -> list[str]:
    """Return the results of a verification, one line a check."""
    at = "" if verified.revision is None else f" at {verified.revision}"
    return [*check_lines(verified.checks), f"{'verified' if verified.passed else 'NOT verified'}: {verified.repo}{at}"]
