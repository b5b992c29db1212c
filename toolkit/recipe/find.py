"""Finds recipes: a file of the user's, or one that is shipped, by walking the folder of recipes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import RecipeError, ResourceError, explain
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.recipe.yaml_text import read_document, recipe_text
from toolkit.shipped import shipped_folder

_COMMAND = "# toolkit "
_SCHEMA_LINE = "# yaml-language-server: $schema="


@dataclass(frozen=True)
class ShippedRecipe:
    """A recipe that comes with the toolkit.

    Attributes:
        name: its file name without the suffix; the folder is the family.
        path: the file.
        family: the family of its model.
        task: what the model learns.
        method: how the model is trained.
        model: the name of the pretrained model, or that it is our own.
        summary: the sentence at its head.
    """

    name: str
    path: Path
    family: str
    task: str
    method: str
    model: str
    summary: str


def list_recipes() -> list[ShippedRecipe]:
    """All shipped recipes, by family and name."""
    return [_shipped_recipe(path) for path in _shipped_paths()]


def find_recipe(name_or_path: str) -> Path:
    """The file of a recipe: a path, or the name of a shipped recipe, with or without its family.

    Raises:
        RecipeError: there is neither; the message names the nearest.
    """
    path = Path(name_or_path)
    if exists(path):
        return path
    wanted = Path(*path.parts[1:]) if path.parts[:1] == ("recipes",) else path
    wanted = wanted.with_suffix("") if wanted.suffix in {".yaml", ".yml"} else wanted
    root = shipped_folder("recipes")
    found = [
        shipped
        for shipped in _shipped_paths()
        if wanted in (Path(shipped.stem), shipped.relative_to(root).with_suffix(""))
    ]
    if len(found) > 1:
        names = ", ".join(_full_name(shipped) for shipped in found)
        raise RecipeError(f"several shipped recipes have this name; say which: {names}", where=name_or_path)
    if not found:
        raise missing_recipe(name_or_path)
    return found[0]


def exists(path: Path) -> bool:
    """Whether something stands under a path; a path that no file could have is simply not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def missing_recipe(name: str) -> RecipeError:
    """The error for a recipe that is not there, with the shipped ones."""
    names = [shipped.stem for shipped in _shipped_paths()]
    message = explain(
        "there is no such file, and no shipped recipe of this name",
        allowed=names,
        name=Path(name).stem,
        fix="`toolkit recipes list` describes the shipped ones",
    )
    return RecipeError(message, where=name)


def copy_recipe(name: str, destination: Path) -> Path:
    """Copy a shipped recipe, so that it can be changed.

    Its head is adapted: the command names the copy, and the schema is found where the toolkit is installed.

    Args:
        name: the name of a shipped recipe.
        destination: the file to make, or a folder to make it in.

    Returns:
        The file that was made.

    Raises:
        RecipeError: there is no such recipe.
        ResourceError: the destination exists already or cannot be written.
    """
    source = find_recipe(name)
    target = destination / source.name if destination.is_dir() else destination
    text = recipe_text(source).replace(f"recipes/{source.parent.name}/{source.name}", target.as_posix())
    lines = [
        f"{_SCHEMA_LINE}{_schema_path().as_uri()}" if line.startswith(_SCHEMA_LINE) else line
        for line in text.splitlines()
    ]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(lines) + "\n")
    except FileExistsError as error:
        raise ResourceError("the file exists already; choose another name or remove it", where=str(target)) from error
    except OSError as error:
        raise ResourceError(f"cannot be written: {error.strerror or error}", where=str(target)) from error
    return target


def _shipped_paths() -> list[Path]:
    return sorted(shipped_folder("recipes").rglob("*.yaml"))


def _schema_path() -> Path:
    return shipped_folder("recipes") / "recipe.schema.json"


def _full_name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _shipped_recipe(path: Path) -> ShippedRecipe:
    tree = read_document(path).tree
    return ShippedRecipe(
        name=path.stem,
        path=path,
        family=path.parent.name,
        task=tree["task"],
        method=tree["method"],
        model=tree["model"].get("name") or OWN_TRANSFORMER,
        summary=_summary(path.read_text(encoding="utf-8")),
    )


def _summary(text: str) -> str:
    """The first comment that is neither the command nor the line for editors."""
    for line in text.splitlines():
        if line.startswith("# ") and not line.startswith((_COMMAND, _SCHEMA_LINE)):
            return line.removeprefix("# ")
    return ""
