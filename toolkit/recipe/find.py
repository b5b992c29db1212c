"""The recipes that there are: files of the user's, and shipped ones, found by walking the folder of recipes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from toolkit.errors import RecipeError, ResourceError, explain
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.recipe.yaml_text import read_document, recipe_text
from toolkit.shipped import shipped_folder

_COMMAND = "# toolkit "
_SCHEMA_LINE = "# yaml-language-server: $schema="
_TOOK = "# It took "
_SOURCES = ("source", "train", "validation", "test")


class Origin(StrEnum):
    """Where a model or rows come from."""

    PACKAGE = "a package"
    HUB = "the hub"
    RUN = "a run"
    FILE = "a file"


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
        summary: the first sentence of its comments.
        needs: what it reads, by name, each with where that comes from.
        took: how long it took where it was measured; None where it was not.
    """

    name: str
    path: Path
    family: str
    task: str
    method: str
    model: str
    summary: str
    needs: Mapping[str, Origin]
    took: str | None

    @property
    def offline(self) -> bool:
        """Return whether it runs without a network, once the rows that are files are there."""
        return Origin.HUB not in self.needs.values()


def list_recipes() -> list[ShippedRecipe]:
    """List all shipped recipes, sorted by family and name."""
    return [_shipped_recipe(path) for path in list_paths()]


def find_recipe(name_or_path: str) -> Path:
    """Return the file of a recipe.

    Args:
        name_or_path: a path, or the name of a shipped recipe, with or without its family.

    Raises:
        RecipeError: if there is neither; the message names the nearest.
    """
    path = Path(name_or_path)
    if exists(path):
        return path
    wanted = Path(*path.parts[1:]) if path.parts[:1] == ("recipes",) else path
    wanted = wanted.with_suffix("") if wanted.suffix in {".yaml", ".yml"} else wanted
    root = shipped_folder("recipes")
    found = [
        shipped for shipped in list_paths() if wanted in (Path(shipped.stem), shipped.relative_to(root).with_suffix(""))
    ]
    if len(found) > 1:
        names = ", ".join(_full_name(shipped) for shipped in found)
        raise RecipeError(f"several shipped recipes have this name; say which: {names}", where=name_or_path)
    if not found:
        raise missing_recipe(name_or_path)
    return found[0]


def is_shipped(path: Path) -> bool:
    """Return whether a recipe file is one that comes with the toolkit."""
    return path.resolve().is_relative_to(shipped_folder("recipes").resolve())


def exists(path: Path) -> bool:
    """Return True if a path exists; a text that cannot be a path does not exist."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def missing_recipe(name: str) -> RecipeError:
    """Build the error for a missing recipe, which names the shipped ones."""
    names = [shipped.stem for shipped in list_paths()]
    message = explain(
        "there is no such file, and no shipped recipe of this name",
        allowed=names,
        name=Path(name).stem,
        fix="`toolkit recipes list` describes the shipped ones",
    )
    return RecipeError(message, where=name)


def copy_recipe(name: str, destination: Path) -> Path:
    """Copy a shipped recipe, so that it can be changed.

    Its first lines are adapted: the command names the copy, and the schema is that of the installed toolkit.

    Args:
        name: the name of a shipped recipe.
        destination: the file to write, or a folder to write it in.

    Returns:
        The new file.

    Raises:
        RecipeError: if there is no such recipe.
        ResourceError: if the destination exists already or cannot be written.
    """
    source = find_recipe(name)
    target = destination / source.name if destination.is_dir() else destination
    text = recipe_text(source).replace(f"recipes/{source.parent.name}/{source.name}", target.as_posix())
    lines = [schema_line() if line.startswith(_SCHEMA_LINE) else line for line in text.splitlines()]
    write_recipe(target, "\n".join(lines) + "\n")
    return target


def schema_line() -> str:
    """Return the line that names the installed schema for editors."""
    return f"{_SCHEMA_LINE}{_schema_path().as_uri()}"


def refuse_existing(target: Path) -> None:
    """Refuse to replace a file.

    Raises:
        ResourceError: it is there.
    """
    if exists(target):
        raise ResourceError("the file exists already; choose another name or remove it", where=str(target))


def write_recipe(target: Path, text: str) -> None:
    """Write a new recipe file; missing folders are made, and a file that is there stays.

    Raises:
        ResourceError: it exists already, or cannot be written; then no part of it is left.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="\n") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                file.close()
                target.unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise ResourceError("the file exists already; choose another name or remove it", where=str(target)) from error
    except OSError as error:
        raise ResourceError(f"cannot be written: {error.strerror or error}", where=str(target)) from error


def list_paths() -> list[Path]:
    """List the files of all shipped recipes, by family and name."""
    return sorted(shipped_folder("recipes").rglob("*.yaml"))


def _schema_path() -> Path:
    return shipped_folder("recipes") / "recipe.schema.json"


def _full_name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _shipped_recipe(path: Path) -> ShippedRecipe:
    tree, text = read_document(path).tree, recipe_text(path)
    named = tree["model"].get("name")
    return ShippedRecipe(
        name=path.stem,
        path=path,
        family=path.parent.name,
        task=tree["task"],
        method=tree["method"],
        model=named or OWN_TRANSFORMER,
        summary=_summary(text),
        needs={
            **({} if named is None else {named: _origin(named, Origin.RUN)}),
            **{source: _origin(source, Origin.FILE) for source in _sources(tree["data"])},
        },
        took=next((line[len(_TOOK) :].rstrip(".") for line in text.splitlines() if line.startswith(_TOOK)), None),
    )


def _sources(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all rows."""
    for key in _SOURCES:
        named = data.get(key)
        yield from named.values() if isinstance(named, dict) else [] if named is None else [named]


def _origin(name: str, local: Origin) -> Origin:
    """Return where a model or rows come from; what is local has more than the two parts of a hub id."""
    if name.startswith("packaged:"):
        return Origin.PACKAGE
    return Origin.HUB if name.count("/") == 1 else local


def _summary(text: str) -> str:
    """Return the first comment that is neither the command nor the line for editors."""
    for line in text.splitlines():
        if line.startswith("# ") and not line.startswith((_COMMAND, _SCHEMA_LINE)):
            return line.removeprefix("# ")
    return ""
