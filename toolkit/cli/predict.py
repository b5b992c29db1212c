"""`toolkit predict`: labels or new texts for a file or for texts on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.cli import console

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
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file or of stdin, such as cp949.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Answer each row: its label and how probable that is, its translation, how it goes on, the words it hides."""
    from toolkit.tasks.texts.answers import TextAnswers
    from toolkit.workflow import predict as carry_out

    predictions = carry_out(model, inputs, text_column=text_column, encoding=encoding, output=output)
    if as_json:
        console.print_json({"predictions": predictions.rows()})
    elif output is None:
        as_table = _texts if isinstance(predictions, TextAnswers) else label_lines
        console.print_lines(as_table(predictions.rows()))
    else:
        console.print_lines([f"{len(predictions.ids)} predictions written to {output}"])


def label_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return rows with labels or numbers as a table."""
    from toolkit.report.label_facts import answer, joined_texts
    from toolkit.report.text_table import shortened, table

    scored = ("probability",) if all("probability" in row for row in rows) else ()
    cells = [
        (
            str(row["id"]),
            answer(row["prediction"]),
            *(f"{row[name]:.3f}" for name in scored),
            shortened(joined_texts(row)),
        )
        for row in rows
    ]
    return table(cells, header=("id", "prediction", *scored, "text"))


def _texts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return rows with texts as a table; the predicted text is the last column and never shortened."""
    from toolkit.report.text_table import shortened, table

    scored = all("probability" in row for row in rows)
    cells = [
        (
            str(row["id"]),
            *((f"{row['probability']:.2g}",) if scored else ()),
            shortened(str(row["text"])),
            " ".join(str(row["prediction"]).split()),
        )
        for row in rows
    ]
    return table(cells, header=("id", *(("probability",) if scored else ()), "text", "prediction"))
