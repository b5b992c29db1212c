"""The ways to name a model or a run to a verb."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from toolkit.errors import RecipeError, explain

if TYPE_CHECKING:
    from toolkit.trials.finished import FinishedRun


@dataclass(frozen=True)
class ByName:
    """What has a name on the command line.

    Attributes:
        name: of a model, or a run folder.
    """

    name: str


Named: TypeAlias = "str | PathLike[str] | ByName | FinishedRun"
"""A model or a run: by its name, its folder, or the object that `toolkit.load` and `toolkit.fine_tune` return."""


def name_of(model: Named) -> str:
    """Return the name by which the command line would know a model or a run.

    Raises:
        RecipeError: something that has no name.
    """
    if isinstance(model, (str, PathLike)):
        return str(model)
    if isinstance(model, ByName):
        return model.name
    folder = getattr(model, "folder", None)  # of a `FinishedRun`
    if isinstance(folder, Path):
        return str(folder)
    found = f"found a value of type {type(model).__name__}"
    raise RecipeError(explain(found, fix="give a run, its folder, or the name of a model"), where="model")
