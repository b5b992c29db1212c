"""`toolkit recipes`: list, show, copy and check recipes, and the JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console

app = typer.Typer(help="The shipped recipes, and help with your own.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe file, or the name of a shipped recipe.")]
Changes = Annotated[list[str] | None, typer.Argument(metavar="[KEY.PATH=VALUE]...", help="Changes to the recipe.")]


@app.command("list")
def list_all(as_json: Json = False) -> None:
    r"""List the shipped recipes.

    \b
    Example:
      toolkit recipes list
    """
    from toolkit.recipe import list_recipes
    from toolkit.report.text_table import table

    found = list_recipes()
    if as_json:
        entries = [
            {
                "name": r.name,
                "family": r.family,
                "task": r.task,
                "method": r.method,
                "model": r.model,
                "summary": r.summary,
            }
            for r in found
        ]
        console.print_json({"recipes": entries})
        return
    rows = [(r.name, r.family, r.method, r.model, r.summary) for r in found]
    console.print_lines(table(rows, header=("recipe", "family", "method", "model", "what it does")))


@app.command()
def show(
    recipe: Name,
    overrides: Changes = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="With every default filled in.")] = False,
) -> None:
    r"""Print a recipe.

    \b
    Example:
      toolkit recipes show movie-sentiment --resolved training.num_train_epochs=1
    """
    from toolkit.errors import RecipeError
    from toolkit.recipe import find_recipe

    path = find_recipe(recipe)
    if overrides and not resolved:
        raise RecipeError("changes are shown in the resolved recipe only; add --resolved", where=overrides[0])
    if resolved:
        from toolkit.recipe import load_recipe, recipe_yaml

        console.print_lines([recipe_yaml(load_recipe(path, overrides or [])).rstrip("\n")])
    else:
        console.print_lines([path.read_text(encoding="utf-8").rstrip("\n")])


@app.command()
def copy(
    recipe: Name,
    destination: Annotated[Path, typer.Argument(help="The file to make, or a folder.")] = Path(),
) -> None:
    r"""Copy a shipped recipe, to make it your own.

    \b
    Example:
      toolkit recipes copy movie-sentiment my-recipe.yaml
    """
    from toolkit.recipe import copy_recipe

    made = copy_recipe(recipe, destination)
    console.print_lines([f"copied to {made}", f"next: toolkit fine-tune {made}"])


@app.command()
def check(recipe: Name, overrides: Changes = None, as_json: Json = False) -> None:
    r"""Check a recipe without running it; every fault is named with its line.

    \b
    Example:
      toolkit recipes check my-recipe.yaml training.learning_rate=1e-5
    """
    from toolkit.recipe import find_recipe, load_recipe, recipe_digest

    path = find_recipe(recipe)
    digest = recipe_digest(load_recipe(path, overrides or []))
    if as_json:
        console.print_json({"recipe": str(path), "digest": digest})
    else:
        console.print_lines([f"{path}: in order"])


@app.command()
def schema() -> None:
    r"""Print the JSON Schema of recipes, for editors.

    \b
    Example:
      toolkit recipes schema > recipe.schema.json
    """
    from toolkit.recipe import json_schema

    console.print_lines([json.dumps(json_schema(), indent=2, ensure_ascii=False)])
