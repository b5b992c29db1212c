"""`toolkit doctor`: look at the data before training on it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.errors import RecipeError
from toolkit.names import Problem

EXAMPLE = console.example("toolkit doctor --data reviews.csv --label-column sentiment --model packaged:minilm")


def doctor(
    data: Annotated[list[str], typer.Option(help="A data file or packaged:<name>; give it again for more files.")],
    text_column: Annotated[str | None, typer.Option(help="The column with the text.")] = None,
    label_column: Annotated[str | None, typer.Option(help="The column with the label, if there is one.")] = None,
    model: Annotated[str | None, typer.Option(help="Also look through this model's tokenizer.")] = None,
    max_length: Annotated[
        int | None, typer.Option(min=1, help="Tokens beyond which a text is cut; needs --model.")
    ] = None,
    problem: Annotated[
        Problem, typer.Option(help="What the labels are: one class a text, several, or a number.")
    ] = Problem.SINGLE_LABEL,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file, such as cp949.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at a data file before training on it.

    It reports classes, lengths, duplicates, conflicting labels and empty rows; with --model also truncated texts,
    unknown tokens and tokens per character.
    """
    from toolkit.report.summary import doctor_summary
    from toolkit.workflow.examine import examine

    if max_length is not None and model is None:
        raise RecipeError("tokens are counted by a model's tokenizer; add --model", where="--max-length")
    report, tokens = examine(
        data,
        text_column=text_column,
        label_column=label_column,
        model=model,
        max_length=max_length,
        problem=problem,
        encoding=encoding,
    )
    if as_json:
        console.print_json(asdict(report) | ({} if tokens is None else {"tokens": asdict(tokens)}))
    else:
        console.print_lines(doctor_summary(report, tokens))
