"""Everything that choosing asks of a task: its data, the judge of some examples, the columns of its data."""

from __future__ import annotations

import json

from datasets import Dataset

from toolkit.data import ClassificationData, TextData, prepare_classification, prepare_texts
from toolkit.data.examples import TEXT_COLUMNS
from toolkit.names import Task
from toolkit.recipe import Recipe
from toolkit.recipe.schema import COLUMNS
from toolkit.tasks.judge import Judge
from toolkit.tasks.text_classification.judge import judge_labels
from toolkit.tasks.texts.judge import judge_texts

_LABEL_COLUMNS = {"labels": "label_names", "label": "reference"}


def has_labels(task: Task) -> bool:
    """Return whether a task learns from labels, not from texts alone."""
    return not _LABEL_COLUMNS.keys().isdisjoint(COLUMNS[task])


def prepare(recipe: Recipe) -> ClassificationData | TextData:
    """Read, check and divide a recipe's data."""
    if has_labels(recipe.task):
        return prepare_classification(recipe.data, problem=recipe.problem)
    return prepare_texts(recipe.data, columns=recipe.text_columns)


def judge_of(rows: Dataset, data: ClassificationData | TextData) -> Judge:
    """Return the judge of some examples of the data."""
    return judge_labels(rows, data) if isinstance(data, ClassificationData) else judge_texts(rows)


def labels_of(data: ClassificationData | TextData) -> tuple[str, ...]:
    """Return the names of the labels; none for data without labels."""
    return data.labels if isinstance(data, ClassificationData) else ()


def columns_of(rows: Dataset) -> dict[str, str]:
    """Return the columns of prepared examples by the names that a recipe has for them."""
    texts = {name: name for name in TEXT_COLUMNS if name in rows.column_names}
    labels = [(own, prepared) for own, prepared in _LABEL_COLUMNS.items() if prepared in rows.column_names]
    return texts | dict(labels[:1])


def label_cells(rows: Dataset) -> list[str]:
    """Return the labels of prepared examples as a data file has them, sets as JSON; none for data without labels."""
    column = next((prepared for own, prepared in columns_of(rows).items() if own in _LABEL_COLUMNS), None)
    cells = [] if column is None else list(rows[column])
    return [cell if isinstance(cell, str) else json.dumps(cell) for cell in cells]
