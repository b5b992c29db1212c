"""`toolkit extract`: texts to vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from toolkit.cli import console
from toolkit.errors import RecipeError

EXAMPLE = console.example(
    "toolkit extract packaged:minilm --data reviews.csv --output features.parquet",
    "toolkit extract packaged:minilm --data reviews.csv --output features.parquet --pooling cls --layers 0,-1",
)


def extract(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, a hub id, packaged:<name> or a run.")],
    data: Annotated[list[str], typer.Option(help="A data file or packaged:<name>; give it again for more files.")],
    output: Annotated[Path, typer.Option(help="Write to this file: .parquet with the columns id and features.")],
    text_column: Annotated[str | None, typer.Option(help="The column with the text.")] = None,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    pooling: Annotated[
        Literal["mean", "cls", "last", "max"], typer.Option(help="How the vectors of a text's tokens become one.")
    ] = "mean",
    layers: Annotated[
        str,
        typer.Option(
            help="Whose output is taken: 0 is the embeddings, -1 the last layer; several, with commas between them, "
            "are joined end to end."
        ),
    ] = "-1",
    max_length: Annotated[int | None, typer.Option(min=1, help="Tokens beyond which a text is cut.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file, such as cp949.")] = None,
    bf16: Annotated[bool, typer.Option("--bf16", help="Compute in bfloat16: faster, and a little off.")] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read features from the cache nor keep them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write what a model makes of each text, as one vector a row, for other tools.

    Features are kept in transfer-toolkit/features below $XDG_CACHE_HOME (or the platform's cache folder), so that a
    text is read once by the same model; the folder can be removed at any time.
    """
    from toolkit.data.at_a_glance import refuse_at_a_glance

    refuse_at_a_glance([data], {"text": text_column, "text_pair": text_pair_column}, encoding=encoding)
    from toolkit.workflow.extract import extract as carry_out

    extracted = carry_out(
        model,
        data,
        output=output,
        pooling=pooling,
        layers=_numbers(layers),
        text_column=text_column,
        text_pair_column=text_pair_column,
        encoding=encoding,
        max_length=max_length,
        bf16=bf16,
        use_cache=not no_cache,
    )
    n_rows, dim = extracted.features.shape
    if as_json:
        console.print_json({"output": str(output), "rows": n_rows, "dim": dim})
    else:
        console.print_lines([f"{n_rows} rows of {dim} features written to {output}"])


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise RecipeError(f"found {text!r}; write whole numbers with commas between them", where="--layers") from None
