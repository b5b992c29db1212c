"""`toolkit predict`: labels for a file or for texts on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console

EXAMPLE = console.example(
    'toolkit predict runs/quickstart "a moving and funny film"',
    "toolkit predict runs/quickstart reviews.csv --output labelled.csv",
)


def predict(
    model: Annotated[str, typer.Argument(metavar="RUN_OR_MODEL", help="A run folder, a model folder or a hub id.")],
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="FILE_OR_TEXT", help="A data file, texts, or - for lines from stdin."),
    ],
    output: Annotated[Path | None, typer.Option(help="Write to this file: .csv, .jsonl or .parquet.")] = None,
    text_column: Annotated[str | None, typer.Option(help="The column with the text.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file or of stdin, such as cp949.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Predict the label of each row, with its probability."""
    from toolkit.report.summary import shortened
    from toolkit.report.text_table import table
    from toolkit.workflow import predict as carry_out

    predictions = carry_out(model, inputs, text_column=text_column, encoding=encoding, output=output)
    if as_json:
        console.print_json({"predictions": predictions.rows()})
    elif output is None:
        rows = [
            (str(row["id"]), str(row["prediction"]), f"{row['probability']:.3f}", shortened(str(row["text"])))
            for row in predictions.rows()
        ]
        console.print_lines(table(rows, header=("id", "prediction", "probability", "text")))
    else:
        console.print_lines([f"{len(predictions.ids)} predictions written to {output}"])
