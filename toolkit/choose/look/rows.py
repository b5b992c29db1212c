"""The data of a choice, divided once: to learn from, to compare candidates by, and to measure the result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, concatenate_datasets
from numpy.typing import NDArray

from toolkit.choose.look.columns import all_texts, columns_of
from toolkit.data.examples import TEXT_COLUMNS
from toolkit.data.fingerprints import Fingerprints, fingerprints
from toolkit.data.normalise import comparison_key
from toolkit.data.vocabulary import least_vocab_size
from toolkit.errors import DataError, RecipeError, explain
from toolkit.files import replacing
from toolkit.names import Problem, Task
from toolkit.recipe import Recipe
from toolkit.tasks import room_of
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.judge import Judge

VALIDATION_SIZE = TEST_SIZE = 0.2
MOST_JUDGING = 1_000
"""Examples of a fold beyond which more cost time and hardly change a decision; the validation is the first fold."""

MOST_FOLDS = 4
"""Folds beside the validation: each costs a head for every candidate."""


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
        folds: indices of training examples that decide too, each fold answered by what learnt from all others.
        judged: the examples that decide: those of the validation, and behind them those of the folds.
        test: the examples that measure the recommended candidate, once.
        judge: of the examples that decide.
        uneven: the ratio of the largest class to the smallest where that is why the metric decides; else None.
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
    judged: Dataset
    judge: Judge
    section: Mapping[str, Any]
    folds: tuple[NDArray[np.int64], ...] = ()
    uneven: float | None = None
    model: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all examples in their splits."""
        return self.data.digest

    @property
    def identity(self) -> str:
        """Return the SHA-256 of task, kind of label and examples: the same file can be read as another problem."""
        parts = (self.task, self.data.problem or "", self.digest)
        return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()

    @property
    def max_length(self) -> int | None:
        """Return the number of tokens beyond which a text is cut; None: the limit of each model."""
        return self.section.get("max_length")

    @cached_property
    def least_vocab_size(self) -> int:
        """Return the smallest vocabulary that has room for the characters of the training examples."""
        return least_vocab_size(all_texts(self.learn))

    def sizes(self) -> str:
        """Return the sizes of the splits, for people."""
        learn, judge, test = len(self.learn), len(self.judge_rows), len(self.test)
        return f"{learn:,} rows to learn from, {judge:,} to judge by, {test:,} for the test"

    def some_to_learn(self, n_rows: int) -> Dataset:
        """Select about `n_rows` training examples, with classes as even as possible; the same ones each time."""
        return self.learn if n_rows >= len(self.learn) else self.learn.select(self.judge.sample(self.learn, n_rows))

    @property
    def validation(self) -> list[int] | None:
        """Return the indices of the validation examples among those that decide; None: they are all of them."""
        return list(range(len(self.judge_rows))) if self.folds else None

    def of_fold(self, fold: int) -> list[int]:
        """Return the indices of a fold's examples among those that decide."""
        start = len(self.judge_rows) + sum(map(len, self.folds[:fold]))
        return list(range(start, start + len(self.folds[fold])))

    def some_to_judge(self, n_rows: int) -> list[int]:
        """Return the indices of about `n_rows` validation examples, evenly spaced."""
        n_all = len(self.judge_rows)
        return sorted(set(np.linspace(0, n_all - 1, min(n_rows, n_all)).astype(int).tolist()))

    def judge_of(self, rows: Dataset) -> Judge:
        """Return the judge of other examples of the same data."""
        return room_of(self.task).judge(rows, self.data, metric=self.judge.metric)

    def without_those_of(self, fold: int) -> NDArray[np.int64]:
        """Return the training examples to learn from for a fold: not its own, nor any with the text of one of them."""
        return np.flatnonzero(~np.isin(self._learn_keys, self._learn_keys[self.folds[fold]]))

    def joined(self, fold: int) -> Dataset:
        """Return all examples to learn from for a fold, those of the validation among them."""
        return _joined([self.learn.select(self.without_those_of(fold)), self.judge_rows])

    @cached_property
    def _learn_keys(self) -> Fingerprints:
        return _keys(self.learn)


def divide(recipe: Recipe, section: Mapping[str, Any], *, model: Mapping[str, Any], metric: str | None = None) -> Rows:
    """Read and divide the data of a choice.

    Args:
        recipe: any valid recipe with this data section.
        section: the recipe's ``data`` as plain values, for the recipes that are handed over.
        model: the recipe's ``model`` without its name.
        metric: that decides; None: the usual one.

    Raises:
        DataError: unreadable or too few rows, one class.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: models are not compared by this metric.
    """
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    if data.validation is None or not len(data.validation):
        fix = "give more rows, or name data for validation"
        raise DataError(explain("no row is left for validation", fix=fix), where=data.source)
    judging, learn = _to_judge_by(data.validation), data.train
    allowed, uneven = room.deciding_metrics(recipe.problem), None
    if metric is None:
        metric, uneven = room.usual_metric(data)
    elif metric not in allowed:
        fault = explain(f"{metric!r} does not compare models here", name=metric, allowed=allowed)
        raise RecipeError(fault, where="--metric")
    judge, judged = room.judge(judging, data, metric=metric), judging
    folds: tuple[NDArray[np.int64], ...] = ()
    if not judge.generates:
        learn = _without_same(learn, judging)
        folds = _folds(learn, n_judged=len(judging))
        judged = _joined([judging, *(learn.select(fold) for fold in folds)])
        judge = room.judge(judged, data, metric=metric)
    return Rows(
        data=data,
        task=recipe.task,
        problem=recipe.problem,
        labels=data.labels,
        learn=learn,
        judge_rows=judging,
        test=data.test,
        judged=judged,
        judge=judge,
        section=section,
        folds=folds,
        uneven=uneven,
        model=model,
    )


def _to_judge_by(validation: Dataset) -> Dataset:
    """Return the validation examples, or evenly spaced ones where there are more than `MOST_JUDGING`."""
    if len(validation) <= MOST_JUDGING:
        return validation
    return validation.select(np.linspace(0, len(validation) - 1, MOST_JUDGING).astype(int).tolist())


def _without_same(learn: Dataset, judging: Dataset) -> Dataset:
    """Leave out training examples with the text of a validation example, which would be known by heart."""
    kept = np.flatnonzero(~np.isin(_keys(learn), _keys(judging)))
    return learn if len(kept) == len(learn) or not len(kept) else learn.select(kept)


def _folds(learn: Dataset, *, n_judged: int) -> tuple[NDArray[np.int64], ...]:
    """Divide the training examples into folds of about the size of the validation, each with its share of each label.

    Of a large fold only `MOST_JUDGING` examples are answered.
    """
    n_folds = int(np.clip(round(len(learn) / n_judged), 2, MOST_FOLDS))
    labels = list(learn["label"])
    keys = np.array([str(label) for label in labels]) if isinstance(labels[0], list) else np.asarray(labels)
    shuffled = np.random.default_rng(0).permutation(len(learn))
    dealt = shuffled[np.argsort(keys[shuffled], kind="stable")]
    folds = [dealt[start::n_folds] for start in range(n_folds)]
    some = [fold[np.linspace(0, len(fold) - 1, min(len(fold), MOST_JUDGING)).astype(int)] for fold in folds]
    return tuple(np.sort(fold) for fold in some if len(fold))


def _joined(parts: Sequence[Dataset]) -> Dataset:
    """Append examples, with the columns that all of them have."""
    names = [name for name in parts[0].column_names if all(name in part.column_names for part in parts)]
    return concatenate_datasets([part.select_columns(names) for part in parts])


def _keys(rows: Dataset) -> Fingerprints:
    """Return the fingerprint of each text, the same for texts that differ in case, spacing and Unicode form only."""
    texts = [rows[name] for name in TEXT_COLUMNS if name in rows.column_names]
    return fingerprints(map(comparison_key, *texts))


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
