"""What rooms take and give: the rows of a task, answers, results, and models that can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.adapters.decision import Decision
from toolkit.evaluation.inference.rows import Row
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Family, Problem


class TaskData(Protocol):
    """The rows of a recipe, divided."""

    @property
    def train(self) -> Dataset:
        """Return the training rows."""

    @property
    def validation(self) -> Dataset | None:
        """Return the validation rows, which choose the best weights."""

    @property
    def test(self) -> Dataset:
        """Return the test rows; they choose nothing."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the names of the model's outputs; none where it answers with text."""

    @property
    def problem(self) -> Problem | None:
        """Return the kind of the labels; None where the task has labels of one kind only."""

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all rows in their splits."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return warnings for the user, a line each."""

    @property
    def source(self) -> str:
        """Return the source's name for people."""


class Answers(Protocol):
    """What a model answered, row by row."""

    @property
    def ids(self) -> list[int | str]:
        """Return the rows' own ids, or their 0-based numbers in the source."""

    @property
    def texts(self) -> list[str]:
        """Return the text of each row."""

    def columns(self) -> dict[str, list[Any]]:
        """Return the rows by the names of their columns."""

    def rows(self) -> list[Row]:
        """Return the same as one dict a row."""

    def write(self, path: str | Path, *, raw: bool = False) -> None:
        """Write the rows in the format that the path's suffix names; ``raw`` keeps formulas in csv."""


class Result(Protocol):
    """What was measured on one split."""

    @property
    def rows(self) -> int:
        """Return the number of measured rows."""

    @property
    def metrics(self) -> dict[str, MetricValue]:
        """Return each metric by its name, in the order of the recipe."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what makes the numbers less certain than they look, a line each."""

    def samples(self) -> list[dict[str, Any]]:
        """Return rows to look at."""

    def to_json(self) -> dict[str, Any]:
        """Return the split's entry in metrics.json."""


@dataclass(frozen=True)
class Chosen:
    """A decision that the validation rows chose.

    Attributes:
        decision: what follows from probabilities.
        found: how it was chosen; the entry ``decision`` of metrics.json.
        warnings: a line each.
    """

    decision: Decision
    found: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


def decided(answers: Any, decision: Decision) -> Any:
    """Return answers with probabilities as a decision reads them."""
    return replace(answers, decision=decision)


@dataclass(frozen=True, eq=False)
class MeasuredBaseline:
    """What costs nothing, measured on the test rows.

    Attributes:
        metrics: by name.
        columns: its answers, by the names that a model's have in ``predictions.parquet``. ``[rows]`` each
    """

    metrics: dict[str, MetricValue]
    columns: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A head that was fitted to frozen features, and the model that it belongs to.

    Attributes:
        opened: the body with the head.
        n_trainable: parameters of the head.
        curve: a line for log.jsonl for each setting that was tried.
        answer: answers to rows whose features are kept, given the saved model.
    """

    opened: OpenedModel
    n_trainable: int
    curve: list[dict[str, Any]]
    answer: Callable[[OpenedModel, Dataset], Answers]


@dataclass(frozen=True, eq=False)
class Asked:
    """What a pretrained model answered without training.

    Attributes:
        opened: the model.
        answers: to the rows.
        log: a line for log.jsonl: how it was asked.
        warnings: a line each.
        validation: answers to the validation rows, where those choose a decision.
    """

    opened: OpenedModel | Any
    answers: Answers
    log: dict[str, Any]
    warnings: tuple[str, ...]
    validation: Answers | None = None


@dataclass(frozen=True, eq=False)
class Answerer:
    """A model that can be asked, trained or as it is.

    Attributes:
        family: how it is built.
        labels: names of its outputs.
        problem: what they are.
        answer: answers to prepared rows, for some metrics.
        reads: the column of its input, where the model says so itself.
        merge_labels: whether labels that differ from its own in case, white space or width only are the same.
    """

    family: Family
    labels: tuple[str, ...]
    problem: Problem
    answer: Callable[[Dataset, Sequence[str]], Answers]
    reads: str | None = None
    merge_labels: bool = False
