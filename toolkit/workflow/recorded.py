"""A run as it was recorded, checked against what is here today, before it is carried out again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from toolkit.adapters import locate_model
from toolkit.adapters.features import model_digest
from toolkit.errors import DataError, HubError, IntegrityError, RecipeError, ResourceError, ToolkitError, explain
from toolkit.files import sha256_file
from toolkit.hub.recorded import fetch_recorded
from toolkit.progress import say
from toolkit.recipe import Recipe, load_recipe
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import TaskData
from toolkit.trials.finished import METRICS_FILE, RECIPE_FILE, read_run
from toolkit.trials.run_files import read_base, read_digests

WHERE_THINGS_LIE = ("data.source", "data.train", "data.validation", "data.test", "model.name")
"""Keys that may be said anew: another place is no other run, since digests tell whether the content is the same."""

T = TypeVar("T")


@dataclass(frozen=True)
class Recorded:
    """A finished run, ready to be carried out again.

    Attributes:
        name: its folder, or its repository with the commit.
        result: the content of ``metrics.json``.
        recipe: of the run; a model of the hub at the commit that the run began with.
        unchecked: what could not be compared with what it was, a line each.
    """

    name: str
    result: RunResult
    recipe: Recipe
    unchecked: tuple[str, ...] = ()


def read_recorded(name: str, places: Sequence[str], *, downloads: Path, endpoint: str | None = None) -> Recorded:
    """Read a run, and refuse one that cannot be carried out again; all hindrances are told at once.

    Args:
        name: a run folder, or a repository that a run was pushed to, perhaps with ``@revision``.
        places: overrides ``key.path=value`` of keys in `WHERE_THINGS_LIE`.
        downloads: an empty folder for files of the repository.
        endpoint: of the hub.

    Raises:
        ToolkitError: with all faults, of the kind of the first.
    """
    _refuse_other_changes(places)
    folder = Path(name).expanduser()
    if folder.is_dir():
        refuse_changed(folder)
    else:
        _refuse_unfinished(folder, name=name)
        name = f"{name.partition('@')[0]}@{fetch_recorded(name, downloads, endpoint=endpoint)}"
        folder = downloads
    errors: list[ToolkitError] = []
    result = _tried(errors, lambda: read_run(folder).result)
    recipe = _tried(errors, lambda: load_recipe(folder / RECIPE_FILE, places))
    unchecked: list[str] = []
    if result is not None and recipe is not None:
        pinned = _at_its_commit(recipe, result)
        _tried(errors, lambda: same_rows(pinned, result))
        base = None if folder == downloads else read_base(folder)
        _tried(errors, lambda: _check_base(pinned, base, unchecked, revision=result.revision))
    if errors:
        faults = dict.fromkeys(fault for error in errors for fault in error.faults)
        raise type(errors[0])(*(replace(each, where=_named(each.where, downloads, name)) for each in faults))
    if result is None or recipe is None:
        raise RuntimeError("what could not be read has raised no error")
    # Nothing is published, so nobody has to be allowed to.
    unpublished = {"hub": recipe.hub.model_copy(update={"repo_id": None})}
    return Recorded(name, result, _at_its_commit(recipe, result).model_copy(update=unpublished), tuple(unchecked))


def _named(where: str | None, downloads: Path, name: str) -> str | None:
    """Return the position of a fault; in a downloaded file that of the repository."""
    return None if where is None else where.replace(f"{downloads}/", f"{name}/").replace(str(downloads), name)


def _tried(errors: list[ToolkitError], step: Callable[[], T]) -> T | None:
    try:
        return step()
    except ToolkitError as error:
        errors.append(error)
        return None


def _refuse_other_changes(places: Sequence[str]) -> None:
    others = [place for place in places if not place.startswith(tuple(f"{key}=" for key in WHERE_THINGS_LIE))]
    if others:
        found = f"{', '.join(others)} would make another run of it"
        fix = "carry that out with toolkit fine-tune, and compare the two"
        raise RecipeError(explain(found, allowed=[f"{key}=" for key in WHERE_THINGS_LIE], fix=fix))


def _refuse_unfinished(folder: Path, *, name: str) -> None:
    """Refuse what is meant to be a folder and is no finished run.

    Raises:
        ResourceError: the run is not finished.
        IntegrityError: there is no such folder.
    """
    if folder.with_name(f"{folder.name}.unfinished").is_dir():
        raise ResourceError("this run is not finished; the command that started it goes on with it", where=name)
    if re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*(@[\w./-]+)?", name) is None or folder.parent.is_dir():
        runs = sorted(file.parent.name for file in folder.parent.glob(f"*/{METRICS_FILE}"))
        raise IntegrityError(explain("there is no such run folder", allowed=runs, name=folder.name), where=name)


def refuse_changed(folder: Path) -> None:
    """Refuse a folder that is no finished run, or one whose recipe or figures are not what they were.

    Raises:
        ResourceError: the run is not finished.
        IntegrityError: it is no run, or was changed.
    """
    if folder.name.endswith(".unfinished"):
        raise ResourceError("this run is not finished; the command that started it goes on with it", where=str(folder))
    missing = [file for file in (RECIPE_FILE, METRICS_FILE) if not (folder / file).is_file()]
    if missing:
        raise IntegrityError(f"this is no run, for it has no {' and no '.join(missing)}", where=str(folder))
    digests = read_digests(folder) or {}
    changed = [
        folder / file
        for file in (RECIPE_FILE, METRICS_FILE)
        if file in digests and sha256_file(folder / file) != digests[file]
    ]
    if changed:
        raise IntegrityError(
            f"changed since the run was done: {', '.join(map(str, changed))}; put back what it was", where=str(folder)
        )


def _at_its_commit(recipe: Recipe, result: RunResult) -> Recipe:
    """Return a recipe whose model of the hub is the commit that the run began with."""
    named = recipe.model.name
    if result.revision is None or named is None or named.partition("@")[0] != result.model.partition("@")[0]:
        return recipe
    pinned = f"{named.partition('@')[0]}@{result.revision}"
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"name": pinned})})


def same_rows(recipe: Recipe, result: RunResult) -> TaskData:
    """Read the rows of a run again, and refuse others.

    Raises:
        DataError: a file is not there or unreadable, or the rows are others.
    """
    say("reading the rows")
    data = room_of(recipe.task).prepare(recipe)
    if data.digest != result.data.digest:
        raise DataError(
            f"the rows are not those of the run: their digest is {data.digest[:12]}, that of the run "
            f"{result.data.digest[:12]} ({_counts(result, data)}); put the rows back, or say where they are: "
            "data.source=FILE",
            where=data.source,
        )
    return data


def _counts(result: RunResult, data: TaskData) -> str:
    now = {"train": data.train, "validation": data.validation, "test": data.test}
    then = {name: split.rows for name, split in result.splits.items()}
    found = {name: 0 if rows is None else len(rows) for name, rows in now.items()}
    differ = [
        f"{name} {then.get(name, 0):,} rows then, {n:,} now" for name, n in found.items() if n != then.get(name, 0)
    ]
    return "; ".join(differ) or "as many rows, with another content or order"


def _check_base(recipe: Recipe, base: str | None, unchecked: list[str], *, revision: str | None) -> None:
    """Refuse a pretrained model that is gone or another one.

    Raises:
        HubError: there is no such model or commit.
        IntegrityError: its files have changed.
    """
    name = recipe.model.name
    if name is None:
        return
    try:
        located = locate_model(name)
    except HubError as error:
        if revision is None:
            raise
        gone = f"the base model's commit {revision[:12]}, with which the run began, cannot be had"
        raise HubError(*(f"{gone}: {fault.message}" for fault in error.faults), where=name.partition("@")[0]) from error
    if base is not None and model_digest(located.folder) != base:
        raise IntegrityError(
            "this is not the model that the run began with: its files have changed since; put them back, or say where "
            "they are: model.name=FOLDER",
            where=name,
        )
    if base is None and revision is None and not name.startswith("packaged:"):
        unchecked.append(f"whether the files of {name} are those that the run began with is not known")
