"""Lists on a command line, and the options that have the same words in several verbs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from toolkit.cli.completion import recipe_names, run_folders
from toolkit.errors import Fault, HubError, IntegrityError, explain
from toolkit.names import SPECS, Task

if TYPE_CHECKING:
    from toolkit.data.column_names import ColumnName


def present(run: str | list[str]) -> str | list[str]:
    """Return runs and models as they were named, if none is looked for in a folder of this machine without being there.

    It runs before any library is loaded; whether something else is a run, a model or a hub id, the verb finds out.

    Raises:
        HubError: a folder is not there.
    """
    if absent := _faults([run] if isinstance(run, str) else run):
        raise HubError(*absent)
    return run


def present_runs(runs: list[str]) -> list[str]:
    """Return run folders as they were named, if all are there; as `present`, where nothing can stand on a hub.

    Raises:
        IntegrityError: a folder is not there.
    """
    if absent := _faults(runs):
        raise IntegrityError(*absent)
    return runs


def _faults(names: list[str]) -> list[Fault]:
    return [fault for name in names if (fault := _absent(name)) is not None]


def _absent(name: str) -> Fault | None:
    folder = Path(name).expanduser()
    is_local = folder.parent.is_dir() and folder.parent != Path()
    if not is_local or folder.exists() or folder.with_name(f"{folder.name}.unfinished").exists():
        return None
    from toolkit.files import meant_folder
    from toolkit.recipe.where_from import command_that_makes

    command = command_that_makes(name)
    fix = None if command is None else f"this makes it: {command}"
    return Fault(explain(f"there is no such folder{meant_folder(folder)}", fix=fix), where=name)


RECIPE = typer.Argument(
    metavar="RECIPE", help="A recipe file, or the name of a shipped recipe.", autocompletion=recipe_names
)
RUN_OR_MODEL = typer.Argument(
    metavar="RUN_OR_MODEL",
    help="A run folder, a model folder or a hub id.",
    autocompletion=run_folders,
    callback=present,
)
LABEL_COLUMNS = "Of several labels give it again for each column of 0 and 1."
LABELS = (
    "Names of the labels in their order, with commas between them; what the places of vectors of 0 and 1 stand for. "
    "A label with a comma of its own is put in double quotes; or give the option again for each label."
)
MERGE_LABELS = "Take labels that differ in case, white space or width only for one."


def names_in(options: Sequence[str]) -> list[str]:
    """Return the names of a command line: each option is one, or the only option lists them as a row of csv."""
    if len(options) != 1:
        return list(options)
    return [name for row in csv.reader(options, skipinitialspace=True) for name in row]


def one_or_several(options: Sequence[str] | None) -> ColumnName | None:
    """Return the column that was given, or the list of several; None without one."""
    if not options:
        return None
    return options[0] if len(options) == 1 else list(options)


def section_of(task: Task, data: list[str], *, validation: list[str] | None, test: list[str] | None) -> dict[str, Any]:
    """Return the sources of a recipe's ``data``.

    Args:
        task: whose columns files whose lines belong together are named by, as in ``source=FILE``.
        data: all rows, or those to learn from.
        validation, test: rows of these splits; None cuts them.
    """
    if validation is None and test is None:
        return {"source": _source(task, data)}
    named = {"train": data, "validation": validation, "test": test}
    return {name: _source(task, sources) for name, sources in named.items() if sources is not None}


def _source(task: Task, sources: list[str]) -> str | list[str] | dict[str, str]:
    parts = [source.partition("=") for source in sources]
    if all(middle and name in SPECS[task].column_names for name, middle, _ in parts):
        return {name: file for name, _, file in parts}
    return sources[0] if len(sources) == 1 else sources
