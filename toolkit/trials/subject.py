"""The model of `evaluate` and `predict`: that of a finished run, with its recipe, or any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from toolkit.adapters import LocatedModel, reads_pairs
from toolkit.adapters.decision import USUAL, Decision, decision_of
from toolkit.data.column_names import ColumnName
from toolkit.errors import IntegrityError, RecipeError, ResourceError, ToolkitError
from toolkit.names import SPECS, Method, Task
from toolkit.recipe import Recipe, load_recipe
from toolkit.recipe.yaml_text import read_document
from toolkit.run_result import RunResult
from toolkit.training.save import MODEL_FOLDER
from toolkit.trials.finished import METRICS_FILE, RECIPE_FILE, read_run
from toolkit.trials.run_files import refuse_changed_files

_LABELS = frozenset({"label", "labels"})


@dataclass(frozen=True)
class Subject:
    """A model to measure or to ask.

    Attributes:
        model: its name, as `toolkit.adapters.locate_model` takes it.
        recipe_columns: the task's own column names and those of the data that a run learnt from.
        metrics: those of the run's recipe; None for the task's usual ones.
        task: that of the run's recipe; None where only the model can tell.
        untrained: the recipe of a run that asked a pretrained model as it is, without a model of its own.
        labels: the classes that such a run chose from.
        slices: columns by whose values the run's recipe measures the result too.
        decision: what such a run chose to follow from probabilities.
        merge_labels: whether the run's labels that differ in case, white space or width only are one.
    """

    model: str
    recipe_columns: Mapping[str, ColumnName] = field(default_factory=dict)
    metrics: Sequence[str] | None = None
    task: Task | None = None
    untrained: Recipe | None = None
    labels: tuple[str, ...] = ()
    merge_labels: bool = False
    decision: Decision = USUAL
    slices: tuple[str, ...] = ()

    def columns(self, **given: ColumnName | None) -> dict[str, ColumnName]:
        """Return the columns to read: those given on the command line, else those of the recipe.

        ``label`` and ``labels`` are two names of one thing, so one that is given takes the other's place.
        """
        named = {name: column for name, column in given.items() if column is not None}
        kept = dict(self.recipe_columns)
        if not named.keys().isdisjoint(_LABELS):
            kept = {name: column for name, column in kept.items() if name not in _LABELS}
        return {**kept, **named}


def find_subject(name: str) -> Subject:
    """Find a run folder by its path, or else a model by its name.

    Raises:
        ResourceError: if the run is not finished.
        IntegrityError: if the run folder is damaged.
    """
    folder = Path(name).expanduser()
    unfinished = not folder.exists() and folder.with_name(f"{folder.name}.unfinished").is_dir()
    if unfinished or (folder.name.endswith(".unfinished") and (folder / "checkpoints").is_dir()):
        raise ResourceError("this run is not finished; the command that started it goes on with it", where=name)
    if (
        folder.name == MODEL_FOLDER
        and not (folder / RECIPE_FILE).is_file()
        and (folder.parent / METRICS_FILE).is_file()
    ):
        folder = folder.parent  # the model knows neither the columns nor that it reads pairs, its run does
    recipe_file = folder / RECIPE_FILE
    if not recipe_file.is_file():
        return Subject(name)
    if _method(recipe_file) == Method.ZERO_SHOT:
        return _untrained(folder)
    if not (folder / MODEL_FOLDER).is_dir():
        raise IntegrityError("the model of this run is missing", where=str(folder / MODEL_FOLDER))
    refuse_changed_files(folder, below=MODEL_FOLDER)
    try:
        recipe = read_document(recipe_file).tree
        columns, metrics = _names(recipe["data"]["columns"]), recipe["evaluation"]["metrics"]
        task, slices = Task(recipe["task"]), _listed(recipe["evaluation"].get("slices") or [])
        known = SPECS[task].all_metrics
        if not isinstance(metrics, list) or not all(isinstance(name, str) and name in known for name in metrics):
            raise ValueError("these are no metrics of the task")
    except RecipeError as error:
        raise IntegrityError(*error.faults) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityError("the recipe of this run cannot be read", where=str(recipe_file)) from error
    merge_labels = bool(recipe["data"].get("merge_labels"))
    return Subject(str(folder / MODEL_FOLDER), columns, metrics, task, merge_labels=merge_labels, slices=slices)


def columns_to_read(subject: Subject, located: LocatedModel, **given: ColumnName | None) -> dict[str, ColumnName]:
    """Return the columns that a model reads: a model without its run may know itself that it reads pairs.

    Args:
        subject: the model, perhaps with its run.
        located: its files.
        given: on the command line.
    """
    columns = subject.columns(**given)
    return {"text_pair": "text_pair", **columns} if reads_pairs(located) else columns


def _listed(names: Any) -> tuple[str, ...]:
    """Return names of columns.

    Raises:
        ValueError: they are no list of texts.
    """
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("these are no names of columns")
    return tuple(names)


def _names(columns: Mapping[Any, Any]) -> dict[str, ColumnName]:
    """Return columns as they were named by their names.

    Raises:
        ValueError: a name is no text.
    """
    named = [
        *columns,
        *(each for names in columns.values() for each in (names if isinstance(names, list) else [names])),
    ]
    if not all(isinstance(name, str) for name in named):
        raise ValueError("a column is named by no text")
    return dict(columns)


def _method(recipe_file: Path) -> str | None:
    """Return the method of a run's recipe, as far as it can be read."""
    try:
        method: str | None = read_document(recipe_file).tree.get("method")
    except RecipeError:
        return None
    return method


def _untrained(folder: Path) -> Subject:
    """Return a run without weights of its own, which asks a pretrained model as its recipe says."""
    try:
        recipe = load_recipe(folder / RECIPE_FILE)
        result = read_run(folder).result
        decision = _decision(result, where=str(folder / METRICS_FILE))
    except (ToolkitError, OSError, ValueError, KeyError) as error:
        raise IntegrityError("the recipe or the metrics of this run cannot be read", where=str(folder)) from error
    return Subject(
        recipe.model.label,
        recipe.data.columns,
        recipe.metrics,
        recipe.task,
        untrained=recipe,
        labels=result.labels,
        merge_labels=recipe.data.merge_labels,
        decision=decision,
        slices=tuple(recipe.evaluation.slices),
    )


def _decision(result: RunResult, *, where: str) -> Decision:
    """Return what a run without a model of its own chose; a model keeps it in its configuration.

    Raises:
        IntegrityError: what it says are no thresholds.
    """
    kept = SimpleNamespace(**(result.decision or {}), num_labels=len(result.labels))
    return decision_of(kept, where=where)
