"""`toolkit predict`: labels or new texts for a file or for texts on the command line."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.answers import show_answers

EXAMPLE = console.example(
    'toolkit predict runs/quickstart "a moving and funny film"',
    "toolkit predict runs/quickstart reviews.csv --output labelled.csv",
    'toolkit predict runs/translation "Zwei Hunde spielen im Schnee."',
)


def predict(
    model: Annotated[str, typer.Argument(metavar="RUN_OR_MODEL", help="A run folder, a model folder or a hub id.")],
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="FILE_OR_TEXT", help="A data file, texts, or - for lines from stdin."),
    ],
    output: Annotated[Path | None, typer.Option(help="Write to this file: .csv, .jsonl or .parquet.")] = None,
    text_column: Annotated[str | None, typer.Option(help="The column with the text, or with the source.")] = None,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file or of stdin, such as cp949.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Leave texts in .csv that look like a formula.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Answer each row: its label and how probable that is, its translation, how it goes on, the words it hides."""
    from toolkit.workflow.apply import predict as carry_out

    answer = partial(
        carry_out,
        model,
        inputs,
        text_column=text_column,
        text_pair_column=text_pair_column,
        encoding=encoding,
        output=output,
        raw=raw,
    )
    show_answers(answer, inputs, output=output, as_json=as_json)
