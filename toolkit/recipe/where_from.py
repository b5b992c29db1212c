"""Where what shipped recipes go on from comes from: the command that makes a run, and the source of a data file."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from toolkit.recipe.find import list_paths
from toolkit.recipe.yaml_text import recipe_text

_COMMAND = "# "
_DATA = "# The data"
_DIGEST = re.compile(r"-[0-9a-f]{8}")
_OUTPUT = re.compile(r"--output-dir (\S+)")


def command_that_makes(model: str) -> str | None:
    """Return the command that makes a run that a recipe goes on from; None if no shipped recipe is known to make it.

    Args:
        model: the path of a run, or of its model.
    """
    path = PurePosixPath(model.replace("\\", "/"))
    run = path.parent if path.name == "model" else path
    for recipe in list_paths():
        command = recipe_text(recipe).partition("\n")[0].removeprefix(_COMMAND)
        folder = _OUTPUT.search(command)
        if folder is not None and PurePosixPath(folder[1]) == run:
            return f"toolkit fine-tune {recipe.stem} --output-dir {run}"
        if run.parent.name == "runs" and _DIGEST.sub("", run.name) == recipe.stem:
            return f"toolkit fine-tune {recipe.stem} --output-dir {run}"
    return None


def where_data_are_from(file: str) -> str | None:
    """Return what the shipped recipes say of a data file that they name; None if none does.

    Args:
        file: as a recipe names it.
    """
    file = file.replace("\\", "/")
    named = re.compile(rf"(?<![\w./-]){re.escape(file)}(?![\w./-])")
    for recipe in list_paths():
        text = recipe_text(recipe)
        if named.search(text):
            said = next((line for line in text.splitlines() if line.startswith(_DATA)), None)
            return None if said is None else f"the data{said.removeprefix(_DATA).rstrip('.')}"
    return None
