"""`toolkit recipes import`: a recipe of another tool's file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console

EXAMPLE = console.example(
    "toolkit recipes import llama3_lora_sft.yaml",
    "toolkit recipes import training_args.json task=text-classification model.name=packaged:minilm "
    "data.source=reviews.csv",
)


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="YAML or JSON of LLaMA-Factory, axolotl, AutoTrain, or transformers' scripts."
        ),
    ],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="KEY.PATH=VALUE", help="What the file does not say, as in a recipe.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The recipe file, or a folder; by default <name of the file>-recipe.yaml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Turn a file of another tool into a recipe, and list what was carried and what was not, with the reasons.

    A file whose task, model, method or data cannot be carried is refused, and nothing is written.
    """
    from toolkit.workflow.import_recipe import import_recipe

    imported = import_recipe(file, overrides=overrides or [], output=output)
    if as_json:
        console.print_json(
            {
                "recipe": str(imported.path),
                "tool": imported.tool,
                "carried": dict(imported.carried),
                "left": dict(imported.left),
                "yaml": imported.text,
            }
        )
    else:
        command = f"  toolkit fine-tune {shlex.quote(str(imported.path))}"
        console.print_lines([*imported.lines(), "", "next:", command])
