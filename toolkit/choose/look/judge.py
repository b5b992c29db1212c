"""The validation rows as a judge: what answers are worth, and how much better some are than others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.choose.measure.measurement import Measurement
from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of
from toolkit.evaluation.metrics.numbers import Pearson
from toolkit.evaluation.metrics.paired import Difference, Drawn, Metric, bootstrap_difference
from toolkit.names import Problem

RESAMPLES = 1_000


@dataclass(frozen=True, eq=False)
class Judge:
    """References, and the metric that decides.

    Answers are JSON-able, one a row: the number of a class; the numbers of the classes that a text has; a number;
    of a text the bits that a model pays for it.

    Attributes:
        metric: its name.
        references: in the form of answers; of texts their characters. ``[rows]``
        n_labels: classes to tell apart.
        problem: what the labels are; None for texts.
    """

    metric: str
    references: list[Any]
    n_labels: int
    problem: Problem | None

    @classmethod
    def of_labels(cls, rows: Dataset, *, problem: Problem, n_labels: int) -> Judge:
        """The judge of a task with labels.

        Args:
            rows: as `toolkit.data` prepares them, with ``label``.
            problem: what the labels are.
            n_labels: classes to tell apart.
        """
        metric = {Problem.SINGLE_LABEL: "accuracy", Problem.MULTI_LABEL: "f1"}.get(problem, "pearson")
        labels = list(rows["label"])
        if problem is Problem.MULTI_LABEL:
            labels = [np.flatnonzero(places).tolist() for places in labels]
        return cls(metric, labels, n_labels, problem)

    @classmethod
    def of_texts(cls, characters: Sequence[int]) -> Judge:
        """The judge of a task whose answer is a text.

        Args:
            characters: of each text that should come out.
        """
        return cls("bits_per_character", [int(n) for n in characters], 0, None)

    @property
    def lower_is_better(self) -> bool:
        """Whether less of the metric is better."""
        return self.problem is None

    def quality(self, measured: Measurement) -> float:
        """What a result is worth, more being better; of nothing, less than all else."""
        if measured.value is None:
            return -np.inf
        return -measured.value if self.lower_is_better else measured.value

    def value(self, answers: Sequence[Any], rows: Sequence[int] | None = None) -> float | None:
        """The metric; None where it is undefined.

        Args:
            answers: in the order of `rows`.
            rows: the numbers of the rows that were answered; None: all.
        """
        value = float(self._metric(answers, rows)(np.ones((1, len(answers))))[0])
        return self._told(value) if np.isfinite(value) else None

    def interval(self, answers: Sequence[Any], rows: Sequence[int] | None = None) -> tuple[float, float] | None:
        """The 95 % bootstrap interval of the metric over the rows; None where it is undefined."""
        metric = self._metric(answers, rows)
        drawn = drawn_rows(len(answers), seed=0, resamples=RESAMPLES)
        values = np.concatenate([metric(block) for block in drawn])
        if not np.isfinite(values).any():
            return None
        low, high = sorted(self._told(end) for end in interval_of(values[np.isfinite(values)]))
        return low, high

    def difference(self, first: Measurement, second: Measurement) -> Difference | None:
        """By how much the first is better, on the rows that both have answered; None where that is undefined."""
        places = [self._places(measured) for measured in (first, second)]
        common = sorted(places[0].keys() & places[1].keys())
        if not common:
            return None
        metrics = [
            self._metric([(measured.answers or [])[of[row]] for row in common], common)
            for measured, of in zip((first, second), places, strict=True)
        ]
        return bootstrap_difference(metrics[0], metrics[1], n_rows=len(common))

    def _places(self, measured: Measurement) -> dict[int, int]:
        """Where the answer to each row stands."""
        if measured.answers is None:
            return {}
        numbers = range(len(self.references)) if measured.rows is None else measured.rows
        return {row: place for place, row in enumerate(numbers)}

    def _told(self, quality: float) -> float:
        return -quality if self.lower_is_better else quality

    def _metric(self, answers: Sequence[Any], rows: Sequence[int] | None) -> Metric:
        """The metric of resamples, more being better."""
        references = self.references if rows is None else [self.references[row] for row in rows]
        if self.problem is Problem.MULTI_LABEL:
            return _macro_f1(_sets(answers, self.n_labels), _sets(references, self.n_labels))
        given, expected = np.asarray(answers, dtype=np.float64), np.asarray(references, dtype=np.float64)
        if self.problem is None:
            return lambda drawn: np.asarray(-(drawn @ given) / np.maximum(drawn @ expected, 1.0))
        if self.problem is Problem.REGRESSION:
            return lambda drawn: Pearson.weighted(given, expected, drawn)
        right = (given == expected).astype(np.float64)
        return lambda drawn: np.asarray(drawn @ right / len(right))


def _macro_f1(given: NDArray[np.float64], expected: NDArray[np.float64]) -> Metric:
    hits = given * expected

    def metric(drawn: Drawn) -> NDArray[np.float64]:
        both = drawn @ given + drawn @ expected
        return np.asarray((2 * (drawn @ hits) / np.maximum(both, 1.0)).mean(axis=1))

    return metric


def _sets(labels: Sequence[Sequence[int]], n_labels: int) -> NDArray[np.float64]:
    places = np.zeros((len(labels), n_labels))
    for row, numbers in enumerate(labels):
        places[row, list(numbers)] = 1
    return places
