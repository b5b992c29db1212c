"""Compare answers to the same examples: by which metric, how much better one is, and whether that could be chance.

A judge holds the references of some examples. `toolkit choose` gives it the answers of every candidate. Each task's
room has subclasses of its own, one a kind of answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference.logits import logits_of
from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of
from toolkit.evaluation.metrics.paired import (
    Metric,
    OnResamples,
    bootstrap_difference,
    resampled,
)

RESAMPLES = 1_000


@dataclass(frozen=True)
class Answered:
    """Answers to some of a judge's examples.

    Attributes:
        values: one JSON-able answer an example, in the form of the judge's references. ``[answered]``
        indices: of the answered examples among the judge's; None: all of them. ``[answered]``
    """

    values: Sequence[Any]
    indices: Sequence[int] | None = None


@dataclass(frozen=True)
class BaselineAnswers:
    """The answers of a baseline to all examples of a judge.

    Attributes:
        name: of the baseline, as in metrics.json.
        values: in the form of the judge's references. ``[examples]``
        seconds: wall time to train and predict.
        note: a remark for the report, such as that not all training examples were used.
    """

    name: str
    values: list[Any]
    seconds: float = 0.0
    note: str | None = None


class Judge(ABC):
    """References, and the metric that compares candidates.

    Args:
        references: JSON-able, one an example. ``[examples]``

    Attributes:
        metric: name of the metric that decides.
        lower_is_better: True where a lower value of the metric is better.
        highest: the value that no answers can exceed; None where there is no such bound.
        generates: True where a model in use writes texts, and only its likelihoods are compared here.
        constant: name of the baseline that gives the same answer to every example; None where there is none.
        written_metric: name of the metric by which written texts are compared with what the free baselines write; None
            where nothing is written.
        run_metrics: metrics of a run that has to answer these examples; empty: the default ones of the task.
    """

    metric: str
    lower_is_better: bool = False
    highest: float | None = None
    generates: ClassVar[bool] = False
    constant: ClassVar[str | None] = None
    run_metrics: ClassVar[tuple[str, ...]] = ()

    written_metric: str | None = None

    def __init__(self, references: Sequence[Any]) -> None:
        self.references = list(references)
        self._kept: dict[int, tuple[Sequence[Any], OnResamples]] = {}

    @abstractmethod
    def answers_by(self, opened: OpenedModel, rows: Dataset) -> list[Any]:
        """Return a trained model's answers to the judge's examples, ``[examples]``.

        Args:
            opened: with the head that it was trained with.
            rows: the examples, as `toolkit.data` prepares them.
        """

    @abstractmethod
    def answers_in(self, columns: Mapping[str, Sequence[Any]]) -> list[Any]:
        """Read the answers from the columns of a run's predictions, ``[examples]``.

        Args:
            columns: of ``predictions.parquet``, for the judge's examples in their order.
        """

    @abstractmethod
    def baselines(self, train: Dataset, rows: Dataset, *, key: str) -> list[BaselineAnswers]:
        """Answer the judge's examples by the baselines that need no pretrained model.

        Args:
            train: the examples to learn from.
            rows: the judge's examples.
            key: identifies both data sets, for the cache.
        """

    def baseline_code(self, name: str, train: Dataset) -> str | None:
        """Return lines of Python that are a baseline; None where there are none.

        Args:
            name: of the baseline.
            train: the examples to learn from.
        """
        return None

    @abstractmethod
    def resampled(self, answers: Sequence[Any], references: Sequence[Any]) -> Metric:
        """Return the metric as a function of resamples, where higher is better.

        Args:
            answers, references: ``[answered]``
        """

    def baseline_texts(self, train: Dataset, rows: Dataset) -> dict[str, list[str]]:
        """Return what the free baselines write for some examples, by their names, ``[examples]`` each.

        Args:
            train: the examples to learn from.
            rows: examples of the same data.
        """
        return {}

    def answers_of(self, logits: NDArray[np.floating[Any]]) -> list[Any]:
        """Decide from the outputs of a head, ``[examples]``.

        Args:
            logits: ``[examples, n_labels]``

        Raises:
            TypeError: the task's models have no head with an output a label.
        """
        raise TypeError(f"answers measured by {self.metric} are not decided from logits of {logits.shape}")

    def sample(self, rows: Dataset, n_rows: int) -> list[int]:
        """Return the indices of about `n_rows` examples, drawn at random with a fixed seed, in ascending order."""
        return sorted(np.random.default_rng(0).permutation(len(rows))[:n_rows].tolist())

    def quality(self, value: float | None) -> float:
        """Return a value of the metric so that higher is better; minus infinity for None."""
        return -np.inf if value is None else self._signed(value)

    def value(self, answers: Answered) -> float | None:
        """Compute the metric; None where it is undefined."""
        metric = self.resampled(answers.values, self._references(answers.indices))
        value = float(metric(np.ones((1, len(answers.values))))[0])
        return self._signed(value) if np.isfinite(value) else None

    def interval(self, answers: Answered) -> tuple[float, float] | None:
        """Compute the 95 % bootstrap interval of the metric over the examples; None where it is undefined."""
        metric = self.resampled(answers.values, self._references(answers.indices))
        drawn = drawn_rows(len(answers.values), seed=0, resamples=RESAMPLES)
        values = np.concatenate([metric(block) for block in drawn])
        if not np.isfinite(values).any():
            return None
        low, high = sorted(self._signed(end) for end in interval_of(values[np.isfinite(values)]))
        return low, high

    def difference(self, first: Answered, second: Answered) -> Difference | None:
        """Compute by how much the first answers are better, on the examples that both have answered.

        Returns:
            None where no example is answered by both, or the metric is undefined on them.
        """
        positions = [self._positions(answers) for answers in (first, second)]
        common = sorted(positions[0].keys() & positions[1].keys())
        if not common:
            return None
        if (
            len(common) == len(first.values) == len(second.values)
            and list(positions[0]) == list(positions[1]) == common
        ):
            return self._resamples(first).minus(self._resamples(second))
        metrics = [
            self.resampled([answers.values[position[index]] for index in common], self._references(common))
            for answers, position in zip((first, second), positions, strict=True)
        ]
        return bootstrap_difference(metrics[0], metrics[1], n_rows=len(common))

    def _resamples(self, answers: Answered) -> OnResamples:
        """Return the metric on resamples of the answered examples; one result is compared with many others."""
        kept = self._kept.get(id(answers.values))
        if kept is None or kept[0] is not answers.values:
            metric = self.resampled(answers.values, self._references(answers.indices))
            kept = self._kept[id(answers.values)] = answers.values, resampled(metric, n_rows=len(answers.values))
        return kept[1]

    def _references(self, indices: Sequence[int] | None) -> list[Any]:
        return self.references if indices is None else [self.references[index] for index in indices]

    def _positions(self, answers: Answered) -> dict[int, int]:
        """Return the position of the answer to each example, by the example's index."""
        indices = range(len(self.references)) if answers.indices is None else answers.indices
        return {index: position for position, index in enumerate(indices)}

    def _signed(self, value: float) -> float:
        return -value if self.lower_is_better else value


class LabelJudge(Judge):
    """The judge of a task whose models have a head with an output a label."""

    @abstractmethod
    def answers_of(self, logits: NDArray[np.floating[Any]]) -> list[Any]:
        """Decide from the outputs of a head, as `Judge.answers_of`."""

    def answers_by(self, opened: OpenedModel, rows: Dataset) -> list[Any]:
        """Return a trained model's answers, as `Judge.answers_by`."""
        return self.answers_of(logits_of(opened, rows))
