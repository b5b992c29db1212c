"""The rows of a choice: divided once, some to learn from, some that judge, and some that measure the end."""

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

from toolkit.choose.look.judge import Judge
from toolkit.data import ClassificationData, TextData, prepare_classification, prepare_texts
from toolkit.data.splits import few_shot
from toolkit.errors import DataError, explain
from toolkit.evaluation.metrics.likelihoods import count_characters
from toolkit.files import replacing
from toolkit.names import Problem, Task
from toolkit.recipe import Recipe

VALIDATION_SIZE = TEST_SIZE = 0.2
MOST_JUDGING = 1_000
"""Validation rows beyond which more cost time and hardly change a decision."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The data of a choice.

    Attributes:
        data: as it was divided.
        task: what the model shall do.
        problem: what the labels are; None for texts.
        labels: the classes; none for texts.
        learn: what to learn from.
        judge_rows: the validation rows that every candidate answers.
        test: what measures the recommended one, once.
        judge: of the validation rows.
        section: the recipe's ``data`` that gives these rows.
        model: the recipe's ``model`` but its name.
    """

    data: ClassificationData | TextData
    task: Task
    problem: Problem | None
    labels: tuple[str, ...]
    learn: Dataset
    judge_rows: Dataset
    test: Dataset
    judge: Judge
    section: Mapping[str, Any]
    model: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of all rows in their splits."""
        return self.data.digest

    @property
    def identity(self) -> str:
        """SHA-256 of the task, what its labels are, and the rows: the same rows can be read as another problem."""
        parts = (self.task, self.problem or "", self.digest)
        return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()

    @property
    def max_length(self) -> int | None:
        """Tokens beyond which a text is cut; None: what each model was made for."""
        return self.section.get("max_length")

    def sizes(self) -> str:
        """How many rows there are, for people."""
        learn, judge, test = len(self.learn), len(self.judge_rows), len(self.test)
        return f"{learn:,} rows to learn from, {judge:,} to judge by, {test:,} for the test"

    @property
    def target(self) -> str:
        """The column that a text task's answer stands in."""
        return "target" if "target" in self.learn.column_names else "text"

    def some_to_learn(self, n_rows: int) -> Dataset:
        """About so many of the rows to learn from, the classes as even as may be; the same ones each time."""
        if n_rows >= len(self.learn):
            return self.learn
        if self.problem is Problem.SINGLE_LABEL:
            by_class = list(self.learn["reference"])
            shots = max(1, n_rows // len(self.labels))
            chosen = few_shot(by_class, shots, seed=0)
            rest = np.setdiff1d(np.arange(len(self.learn)), chosen)
            more = np.random.default_rng(0).permutation(rest)[: max(0, n_rows - len(chosen))]
            return self.learn.select(sorted([*chosen, *more.tolist()]))
        return self.learn.select(sorted(np.random.default_rng(0).permutation(len(self.learn))[:n_rows].tolist()))

    def some_to_judge(self, n_rows: int) -> list[int]:
        """The numbers of about so many validation rows, spread over all of them."""
        n_all = len(self.judge_rows)
        return sorted(set(np.linspace(0, n_all - 1, min(n_rows, n_all)).astype(int).tolist()))

    def judge_of(self, rows: Dataset) -> Judge:
        """The judge of other rows of the same data."""
        return _judge_of(rows, self.problem, self.labels)


def divide(recipe: Recipe, section: Mapping[str, Any], *, model: Mapping[str, Any]) -> Rows:
    """Read and divide the data of a choice.

    Args:
        recipe: any that is checked, with this data section.
        section: the recipe's ``data`` as plain values, for the recipes that come out.
        model: its ``model`` but the name.

    Raises:
        DataError: unreadable or too few rows, one class.
        HubError: a hub or packaged data set that cannot be found.
    """
    if recipe.task is Task.TEXT_CLASSIFICATION:
        labelled = prepare_classification(recipe.data, problem=recipe.problem)
        data: Any = labelled
        problem, labels = labelled.problem, labelled.labels
    else:
        data = prepare_texts(recipe.data, columns=recipe.text_columns)
        problem, labels = None, ()
    if data.validation is None or not len(data.validation):
        fix = "give more rows, or name data for validation"
        raise DataError(explain("no row is left for validation", fix=fix), where=data.source)
    numbers = np.linspace(0, len(data.validation) - 1, min(MOST_JUDGING, len(data.validation))).astype(int)
    judging = data.validation if len(numbers) == len(data.validation) else data.validation.select(numbers.tolist())
    return Rows(
        data=data,
        task=recipe.task,
        problem=problem,
        labels=labels,
        learn=data.train,
        judge_rows=judging,
        test=data.test,
        judge=_judge_of(judging, problem, labels),
        section=section,
        model=model,
    )


def _judge_of(rows: Dataset, problem: Problem | None, labels: tuple[str, ...]) -> Judge:
    if problem is None:
        answers = rows["target" if "target" in rows.column_names else "text"]
        return Judge.of_texts(count_characters(list(answers)).tolist())
    return Judge.of_labels(rows, problem=problem, n_labels=len(labels))


def write_for_runs(rows: Rows, folder: Path) -> dict[str, Any]:
    """The rows to learn from and the validation rows as files, so that runs are measured on these and never on others.

    Args:
        rows: of any task.
        folder: gets ``learn.parquet`` and ``judge.parquet``.

    Returns:
        The ``data`` section of a recipe: in the place of its test rows stand the validation rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns: dict[str, str] = {}
    for name, part in (("learn", rows.learn), ("judge", rows.judge_rows)):
        tables = {text: text for text in ("text", "text_pair", "source", "target") if text in part.column_names}
        if rows.problem is Problem.MULTI_LABEL:
            tables["labels"] = "label_names"
        elif rows.problem is not None:
            tables["label"] = "reference"
        columns = {name: name for name in tables}
        with replacing(folder / f"{name}.parquet") as temporary:
            pq.write_table(pa.table({own: pa.array(list(part[its])) for own, its in tables.items()}), temporary)
    return {
        "train": str(folder / "learn.parquet"),
        "test": str(folder / "judge.parquet"),
        "validation_size": 0,
        "columns": columns,
        **({} if rows.max_length is None else {"max_length": rows.max_length}),
    }
