"""The data of a choice, divided once: to learn from, to compare candidates by, and to measure the result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset

from toolkit.choose.look.columns import columns_of
from toolkit.errors import DataError, explain
from toolkit.files import replacing
from toolkit.names import Problem, Task
from toolkit.recipe import Recipe
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.judge import Judge

VALIDATION_SIZE = TEST_SIZE = 0.2
MOST_JUDGING = 1_000
"""Validation examples beyond which more cost time and hardly change a decision."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The data of a choice.

    Attributes:
        data: as it was divided.
        task: of the choice.
        problem: the kind of label; the default one for tasks without labels.
        labels: names of the classes; none for tasks without labels.
        learn: the training examples.
        judge_rows: the validation examples that every candidate answers.
        test: the examples that measure the recommended candidate, once.
        judge: of the validation examples.
        section: the recipe's ``data`` that gives these examples.
        model: the recipe's ``model`` without its name.
    """

    data: TaskData
    task: Task
    problem: Problem
    labels: tuple[str, ...]
    learn: Dataset
    judge_rows: Dataset
    test: Dataset
    judge: Judge
    section: Mapping[str, Any]
    model: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of all examples in their splits."""
        return self.data.digest

    @property
    def identity(self) -> str:
        """SHA-256 of the task, the kind of label and the examples: the same file can be read as another problem."""
        parts = (self.task, self.data.problem or "", self.digest)
        return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()

    @property
    def max_length(self) -> int | None:
        """Tokens beyond which a text is cut; None: the limit of each model."""
        return self.section.get("max_length")

    def sizes(self) -> str:
        """Return the sizes of the splits, for people."""
        learn, judge, test = len(self.learn), len(self.judge_rows), len(self.test)
        return f"{learn:,} rows to learn from, {judge:,} to judge by, {test:,} for the test"

    def some_to_learn(self, n_rows: int) -> Dataset:
        """Select about `n_rows` training examples, with classes as even as possible; the same ones each time."""
        return self.learn if n_rows >= len(self.learn) else self.learn.select(self.judge.sample(self.learn, n_rows))

    def some_to_judge(self, n_rows: int) -> list[int]:
        """Return the indices of about `n_rows` validation examples, evenly spaced."""
        n_all = len(self.judge_rows)
        return sorted(set(np.linspace(0, n_all - 1, min(n_rows, n_all)).astype(int).tolist()))

    def judge_of(self, rows: Dataset) -> Judge:
        """Return the judge of other examples of the same data."""
        return room_of(self.task).judge(rows, self.data)


def divide(recipe: Recipe, section: Mapping[str, Any], *, model: Mapping[str, Any]) -> Rows:
    """Read and divide the data of a choice.

    Args:
        recipe: any valid recipe with this data section.
        section: the recipe's ``data`` as plain values, for the recipes that are handed over.
        model: the recipe's ``model`` without its name.

    Raises:
        DataError: unreadable or too few rows, one class.
        HubError: a hub or packaged data set that cannot be found.
    """
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    if data.validation is None or not len(data.validation):
        fix = "give more rows, or name data for validation"
        raise DataError(explain("no row is left for validation", fix=fix), where=data.source)
    validation = data.validation
    indices = np.linspace(0, len(validation) - 1, min(MOST_JUDGING, len(validation))).astype(int)
    judging = validation if len(indices) == len(validation) else validation.select(indices.tolist())
    return Rows(
        data=data,
        task=recipe.task,
        problem=recipe.problem,
        labels=data.labels,
        learn=data.train,
        judge_rows=judging,
        test=data.test,
        judge=room.judge(judging, data),
        section=section,
        model=model,
    )


def write_for_runs(rows: Rows, folder: Path) -> dict[str, Any]:
    """Write the training and the validation examples as files, so that runs use these and never others.

    Args:
        rows: of any task.
        folder: gets ``learn.parquet`` and ``judge.parquet``.

    Returns:
        The ``data`` section of a recipe, whose test examples are the validation examples of the choice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = columns_of(rows.learn)
    for name, part in (("learn", rows.learn), ("judge", rows.judge_rows)):
        with replacing(folder / f"{name}.parquet") as temporary:
            pq.write_table(pa.table({own: pa.array(list(part[its])) for own, its in columns.items()}), temporary)
    return {
        "train": str(folder / "learn.parquet"),
        "test": str(folder / "judge.parquet"),
        "validation_size": 0,
        "columns": {name: name for name in columns},
        **({} if rows.max_length is None else {"max_length": rows.max_length}),
    }
