"""`toolkit export`: a run's model merged, or as a file for ONNX Runtime or llama.cpp, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import run_folders
from toolkit.cli.lists import present
from toolkit.errors import RecipeError, explain
from toolkit.workflow.export_formats import Format

EXAMPLE = console.example(
    "toolkit export runs/quickstart --format onnx-int8 --output-dir exported/quickstart",
    "toolkit export runs/with-lora --format merged --output-dir exported/plain",
    "toolkit export runs/seed-0 runs/seed-1 --format averaged --output-dir exported/mean",
    "toolkit export runs/chat --format gguf-q8_0 --output-dir exported/chat",
)

_FORMATS = [form.value for form in Format]


def export(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="A run folder, or a model folder with golden.json; several to average.",
            autocompletion=run_folders,
            callback=present,
        ),
    ],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="merged: the adapter in its base model; averaged: the mean of several models; onnx, onnx-int8: for "
            "ONNX Runtime, as it is or in 8 bits; gguf-…: for llama.cpp, with weights in f32, f16 or q8_0.",
        ),
    ],
    output_dir: Annotated[Path, typer.Option(help="The folder to make.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a model in another form, if that answers as the run's golden rows say.

    Beside it stand tokenizer, configuration, and parity.json with the largest gap and the labels that flipped. Beyond
    the tolerance nothing is written and the exit code is 7. Weights that are rounded (onnx-int8, gguf-f16, gguf-q8_0)
    may answer otherwise; how far they are off is told. ONNX files are measured on the run's test rows, too.

    Models that were trained from the same start, in full or by adapters, can be averaged: often better than each of
    them, never slower. Evaluate the mean before you use it.
    """
    if form not in _FORMATS:
        raise RecipeError(explain(f"there is no format {form!r}", allowed=_FORMATS, name=form), where="--format")
    from toolkit.workflow.export import export as carry_out

    exported = carry_out(*runs, form=Format(form), output_dir=output_dir)
    if as_json:
        console.print_json(exported.to_json())
    else:
        measured = [] if exported.measured is None else [f"beside the model: {exported.measured}"]
        checked = f"checked against golden rows: {exported.parity}"
        console.print_lines([checked, *measured, f"exported as {form}: {exported.folder}"])
