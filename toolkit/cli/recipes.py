"""`toolkit recipes`: list, show, copy and check recipes, and the JSON Schema for editors."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import console, recipes_import, recipes_new
from toolkit.cli.lists import RECIPE

if TYPE_CHECKING:
    from toolkit.recipe import ShippedRecipe

app = typer.Typer(
    help="The shipped recipes, and help with your own.",
    epilog=console.example("toolkit recipes copy movie-sentiment my-recipe.yaml"),
    rich_markup_mode=None,
)

app.command("new", epilog=recipes_new.EXAMPLE)(recipes_new.new)
app.command("import", epilog=recipes_import.EXAMPLE)(recipes_import.import_)

_COLUMNS = ("recipe", "network", "needs", "took", "family", "method", "model", "what it does")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, RECIPE]
Changes = Annotated[list[str] | None, typer.Argument(metavar="KEY.PATH=VALUE", help="Changes to the recipe.")]


@app.command("list", epilog=console.example("toolkit recipes list"))
def list_all(as_json: Json = False) -> None:
    """List the shipped recipes: what each does and needs, whether it runs without a network, how long it took."""
    from toolkit.recipe import list_recipes
    from toolkit.wording import Heading, table

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
                "offline": r.offline,
                "needs": {name: str(origin) for name, origin in r.needs.items()},
                "took": r.took,
            }
            for r in found
        ]
        console.print_json({"recipes": entries})
        return
    if console.result_width() is None:
        rows = [
            (r.name, _network(r), ", ".join(r.needs), r.took or "", r.family, r.method, r.model, r.summary)
            for r in found
        ]
        console.print_lines(table(rows, header=_COLUMNS))
        return
    for r in found:
        needed = ", ".join(f"{name} ({origin})" for name, origin in r.needs.items()) or "nothing"
        console.print_lines(
            [
                Heading(f"{r.name}: {', '.join(filter(None, (r.method, _network(r), r.took)))}"),
                f"  {r.summary}",
                f"  needs {needed}",
            ]
        )


def _network(recipe: ShippedRecipe) -> str:
    return "no network" if recipe.offline else "network"


@app.command(epilog=console.example("toolkit recipes show movie-sentiment --resolved training.num_train_epochs=1"))
def show(
    recipe: Name,
    overrides: Changes = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="With every default filled in.")] = False,
    as_json: Json = False,
) -> None:
    """Print a recipe."""
    from toolkit.errors import RecipeError
    from toolkit.recipe import find_recipe, recipe_text, recipe_yaml

    path = find_recipe(recipe)
    from toolkit.data.own_rows import load_for_rows

    if overrides and not resolved:
        raise RecipeError("changes are shown in the resolved recipe only; add --resolved", where=overrides[0])
    text = recipe_yaml(load_for_rows(path, overrides or [])) if resolved else recipe_text(path)
    if as_json:
        console.print_json({"recipe": str(path), "yaml": text})
    else:
        console.print_lines([text.rstrip("\n")])


@app.command(epilog=console.example("toolkit recipes copy movie-sentiment my-recipe.yaml"))
def copy(
    recipe: Name,
    destination: Annotated[Path, typer.Argument(metavar="DESTINATION", help="The file to make, or a folder.")] = Path(),
    as_json: Json = False,
) -> None:
    """Copy a shipped recipe, to make it your own."""
    from toolkit.recipe import copy_recipe

    new = copy_recipe(recipe, destination)
    if as_json:
        console.print_json({"recipe": str(new)})
    else:
        console.print_lines([f"copied to {new}", f"next: toolkit fine-tune {shlex.quote(str(new))}"])


@app.command(epilog=console.example("toolkit recipes check my-recipe.yaml training.learning_rate=1e-5"))
def check(recipe: Name, overrides: Changes = None, as_json: Json = False) -> None:
    """Check a recipe without running it; every fault is named with its line."""
    from toolkit.recipe import find_recipe, recipe_digest

    path = find_recipe(recipe)
    from toolkit.data.own_rows import load_for_rows

    digest = recipe_digest(load_for_rows(path, overrides or []))
    if as_json:
        console.print_json({"recipe": str(path), "digest": digest})
    else:
        console.print_lines([f"{path}: in order"])


@app.command(epilog=console.example("toolkit recipes schema > recipe.schema.json"))
def schema(as_json: Json = False) -> None:
    """Print the JSON Schema of recipes, for editors."""
    from toolkit.recipe import json_schema

    if as_json:
        console.print_json(json_schema())
    else:
        console.print_lines([json.dumps(json_schema(), indent=2, ensure_ascii=False)])
