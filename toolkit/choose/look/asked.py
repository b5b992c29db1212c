"""The task and the columns of a choice, as a user names them."""

from __future__ import annotations

from toolkit.choose.advice.advise import advise
from toolkit.data.column_names import ColumnName
from toolkit.errors import RecipeError, explain
from toolkit.names import SPECS, Problem, Task

LIKELIHOOD = "bits_per_character"
"""The metric by which models that write are compared."""


def task_asked(name: str, *, language: str = "en") -> Task:
    """Return the task of a name.

    Args:
        name: as a user wrote it.
        language: of what is said about the task.

    Raises:
        RecipeError: an unknown task, with its nearest match, or one that is only explained.
    """
    advise(name, language=language)  # refuses an unknown task, with its nearest match
    if name not in list(Task):
        raise RecipeError(f"{name} is only explained in this version; give --explain and no --data", where="--task")
    return Task(name)


def columns_asked(
    task: Task,
    *,
    problem: Problem | None,
    text: str | None,
    label: ColumnName | None,
    text_pair: str | None,
) -> dict[str, ColumnName]:
    """Return a recipe's ``columns``, by the task's own names.

    Args:
        task: to choose for.
        problem: the kind of label; None: as the columns say.
        text: the data's name of the column with the text, or with the source.
        label: of that with the label, or with the target; a list names the columns of several labels.
        text_pair: of that with the second text.

    Raises:
        RecipeError: a second text, and the task reads none.
    """
    known = SPECS[task].column_names
    named: dict[str, ColumnName | None]
    if text_pair is not None and "text_pair" not in known:
        raise RecipeError(f"{task} reads no pairs of texts; leave it out", where="--text-pair-column")
    if "label" in known:
        several = problem is Problem.MULTI_LABEL or isinstance(label, list)
        named = {"text": text, "labels" if several else "label": label, "text_pair": text_pair}
    elif "text" not in known or label is not None:
        named = {"source": text, "target": label}
    else:
        named = {"text": text}
    return {name: column for name, column in named.items() if column is not None}


def metric_asked(task: Task, name: str | None) -> str | None:
    """Return the metric of a name, checked as far as it can be before the labels are read.

    Args:
        task: to choose for.
        name: as a user wrote it; None: the usual metric decides.

    Raises:
        RecipeError: no metric of the task compares models by this name.
    """
    # Of texts likelihoods alone are compared, whatever else is measured.
    allowed = (LIKELIHOOD,) if SPECS[task].generates else SPECS[task].all_metrics
    if name is not None and name not in allowed:
        raise RecipeError(explain(f"unknown metric {name!r}", name=name, allowed=allowed), where="--metric")
    return name
