"""`toolkit.fine_tune`: from a recipe, or from arguments and rows in memory, to a finished run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.data.own_rows import load_for_rows
from toolkit.errors import RecipeError, explain
from toolkit.names import Method
from toolkit.recipe import Recipe, build_recipe, find_recipe, recipe_values
from toolkit.trials.shares import checked_shares
from toolkit.verbs.given import Given, Rows
from toolkit.verbs.model import Run
from toolkit.verbs.work import working

if TYPE_CHECKING:
    from transformers import TrainerCallback

_SOURCES = ("source", "train", "validation", "test")


@working()
def fine_tune(
    recipe: str | PathLike[str] | Mapping[str, Any] | Recipe | None = None,
    overrides: Mapping[str, Any] | Sequence[str] = (),
    *,
    task: str | None = None,
    model: str | PathLike[str] | Mapping[str, Any] | None = None,
    method: str | None = None,
    data: Rows = None,
    columns: Mapping[str, str | list[str]] | None = None,
    tokenizer: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    peft: Mapping[str, Any] | None = None,
    features: Mapping[str, Any] | None = None,
    zero_shot: Mapping[str, Any] | None = None,
    evaluation: Mapping[str, Any] | None = None,
    hub: Mapping[str, Any] | None = None,
    note: str | None = None,
    seed: int | None = None,
    curve: Sequence[float] | None = None,
    output_dir: str | PathLike[str] | None = None,
    ledger: str | PathLike[str] | None = None,
    restart: bool = False,
    parent: str | None = None,
    callbacks: Sequence[TrainerCallback] = (),
) -> Run:
    """Train a model as a recipe says, on rows in memory if they are given, and evaluate it.

    The same call goes on where an interrupted run was, and returns a finished one without training.

    Args:
        recipe: a recipe file, the name of a shipped recipe, or a recipe as a mapping; None: the arguments are all.
        overrides: changes to the recipe: ``{"training.num_train_epochs": 1}``, or texts ``key.path=value``.
        task, method, seed, note: the keys of a recipe; the method is ``full`` if nothing says otherwise.
        model: a model's name, or the keys of the recipe's section.
        data: rows: a frame, a data set, a list of dicts; a dict of these by ``train``, ``validation`` and ``test``; or
            the keys of the recipe's section, such as ``{"source": df, "test_size": 0.3}``.
        columns: the data's names of columns by the task's names, such as ``{"text": "review", "label": "stars"}``.
        tokenizer, training, peft, features, zero_shot, evaluation, hub: keys of the recipe's sections.
        curve: shares of the training rows to learn from, such as ``[0.1, 0.3, 1.0]``: is more data worth it? The run of
            the last one is returned, with all of them as ``run.curve``.
        output_dir: the run folder; None takes ``runs/<name>-<digest>``.
        ledger: the file that every trial is added to; None takes ``runs/trials.jsonl``.
        restart: start over instead of going on or showing what is there.
        parent: id of the trial that this one goes on from; None finds the earlier one with the recipe most like it.
        callbacks: of transformers; they follow the steps of the training.

    Raises:
        ToolkitError: of the kind that says what went wrong.
        KeyboardInterrupt: after a checkpoint, if the kernel or Ctrl-C asked for it.
    """
    given = Given()
    sections = {
        "task": task,
        "model": {"name": str(model)} if isinstance(model, (str, PathLike)) else model,
        "method": method,
        "tokenizer": tokenizer,
        "data": _data(given, data, columns),
        "training": training,
        "peft": peft,
        "features": features,
        "zero_shot": zero_shot,
        "evaluation": evaluation,
        "hub": hub,
        "note": note,
        "seed": seed,
    }
    asked = {name: plain_value(value) for name, value in sections.items() if value is not None}
    shares = None if curve is None else checked_shares(curve, where="curve")
    checked, name = _recipe(recipe, overrides, asked, given)

    from toolkit.training.followers import followed_by
    from toolkit.workflow.fine_tune import DEFAULT_LEDGER
    from toolkit.workflow.fine_tune import fine_tune as carry_out

    if callbacks and checked.way in (Method.FEATURES, Method.ZERO_SHOT):
        found = f"method {checked.method} takes no steps that callbacks could follow; leave them out"
        raise RecipeError(found, where="callbacks")
    settings: dict[str, Any] = {
        "name": name,
        "output_dir": None if output_dir is None else Path(output_dir),
        "ledger": DEFAULT_LEDGER if ledger is None else Path(ledger),
        "restart": restart,
        "parent": parent,
    }
    with followed_by(callbacks):
        if shares is None:
            finished = carry_out(checked, **settings)
            return Run(str(finished.folder), finished)
        from toolkit.workflow.curve import fine_tune_on_shares

        learnt, finished = fine_tune_on_shares(checked, shares, **settings)
    return Run(str(finished.folder), finished, curve=learnt)


def _data(given: Given, data: Rows, columns: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if data is not None:
        return given.section(data, columns)
    return None if columns is None else {"columns": dict(columns)}


def _recipe(
    recipe: Any, overrides: Mapping[str, Any] | Sequence[str], asked: Mapping[str, Any], given: Given
) -> tuple[Recipe, str]:
    """Return the checked recipe, and its name for the run folder and the ledger."""
    if recipe is None and not asked:
        raise RecipeError("nothing says what to do; give a recipe, or task, model and data", where="recipe")
    if recipe is None or isinstance(recipe, (Mapping, Recipe)):
        values = recipe_values(recipe) if isinstance(recipe, Recipe) else dict(recipe or {})
        if isinstance(values.get("data"), Mapping):
            values["data"] = given.section(values["data"])
        tree = plain_value({"method": "full", **_over(values, asked)})
        return build_recipe(tree, _texts(overrides)), str(tree.get("task") or "recipe")
    if not isinstance(recipe, (str, PathLike)):
        found = f"found a value of type {type(recipe).__name__}"
        fix = "give a recipe file, its name or a mapping; rows are given as data=rows"
        raise RecipeError(explain(found, fix=fix), where="recipe")
    path = find_recipe(str(recipe))
    return load_for_rows(path, [*_texts(overrides), *_texts(_dotted(asked))]), path.stem


def _over(values: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Lay sections over those of a recipe, key by key; rows take the place of all rows."""
    laid = dict(values)
    for name, section in asked.items():
        before = laid.get(name)
        if name == "data" and isinstance(before, Mapping) and not asked["data"].keys().isdisjoint(_SOURCES):
            before = {key: value for key, value in before.items() if key not in _SOURCES}
        laid[name] = {**before, **section} if isinstance(before, Mapping) and isinstance(section, Mapping) else section
    return laid


def _dotted(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return sections as overrides of single keys; rows take the place of all rows."""
    changes: dict[str, Any] = {}
    for name, section in asked.items():
        keys = section if isinstance(section, Mapping) else {}
        if name == "data" and not keys.keys().isdisjoint(_SOURCES):
            keys = {**dict.fromkeys(_SOURCES), **keys}
        changes |= {f"{name}.{key}": value for key, value in keys.items()} or {name: section}
    return changes


def _texts(overrides: Mapping[str, Any] | Sequence[str]) -> list[str]:
    """Return overrides as the command line has them; what JSON writes is YAML too."""
    if isinstance(overrides, str):
        return [overrides]
    if not isinstance(overrides, Mapping):
        return [str(override) for override in overrides]
    return [f"{key}={json.dumps(plain_value(value), ensure_ascii=False)}" for key, value in overrides.items()]


def plain_value(value: Any) -> Any:
    """Return a value as a recipe file would give it: paths as text, tuples as lists, numbers of numpy as Python's."""
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(inner) for inner in value]
    if isinstance(value, PathLike):
        return str(value)
    return value.tolist() if hasattr(value, "tolist") else value
