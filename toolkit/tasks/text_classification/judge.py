"""Judges of text classification, one for each kind of label: a class, a set of labels, a number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.data import ClassificationData
from toolkit.data.splits import few_shot
from toolkit.evaluation.inference.rows import PROBABILITY_OF
from toolkit.evaluation.metrics.label_sets import LabelSetF1
from toolkit.evaluation.metrics.numbers import Pearson
from toolkit.evaluation.metrics.paired import Drawn, Metric
from toolkit.evaluation.metrics.tally import Tally
from toolkit.names import Problem
from toolkit.tasks.judge import BaselineAnswers, Judge, LabelJudge
from toolkit.tasks.text_classification.baselines import baseline_answers


def judge_labels(rows: Dataset, data: ClassificationData) -> Judge:
    """Return the judge of some examples.

    Args:
        rows: of the data, with ``label``.
        data: as it was divided.
    """
    return _JUDGES[data.problem](list(rows["label"]), data.labels)


class _TextLabelJudge(LabelJudge):
    """What the judges of this file share.

    Args:
        labels: column ``label`` of the examples. ``[examples]``
        names: of the labels, in the order of a model's outputs. ``[n_labels]``
    """

    problem: Problem

    def __init__(self, labels: Sequence[Any], names: Sequence[str]) -> None:
        super().__init__(self.decoded(labels))
        self.names = tuple(names)

    @abstractmethod
    def decoded(self, labels: Sequence[Any]) -> list[Any]:
        """Convert labels as a data set and a baseline have them into the form of answers, ``[examples]``."""

    def baselines(self, train: Dataset, rows: Dataset, *, key: str) -> list[BaselineAnswers]:
        """Answer by the constant baseline and by TF-IDF, as `Judge.baselines`."""
        return [
            BaselineAnswers(baseline.name, self.decoded(list(baseline.predictions)), baseline.seconds, baseline.note)
            for baseline in baseline_answers(train, rows, problem=self.problem, key=f"{self.problem}-{key}")
        ]


class ClassJudge(_TextLabelJudge):
    """Classes, compared by accuracy; an answer is the index of a class."""

    metric = "accuracy"
    highest = 1.0
    constant = "majority"
    problem = Problem.SINGLE_LABEL

    def decoded(self, labels: Sequence[Any]) -> list[int]:
        """Convert labels, as `_TextLabelJudge.decoded`."""
        return [int(label) for label in labels]

    def answers_of(self, logits: NDArray[np.floating[Any]]) -> list[int]:
        """Decide for the class of the largest logit, as `Judge.answers_of`."""
        return [int(label) for label in logits.argmax(axis=1)]

    def answers_in(self, columns: Mapping[str, Sequence[Any]]) -> list[int]:
        """Read the predicted classes, as `Judge.answers_in`."""
        return [self.names.index(name) for name in columns["prediction"]]

    def sample(self, rows: Dataset, n_rows: int) -> list[int]:
        """Sample examples so that the classes are as even as possible, as `Judge.sample`."""
        shots = max(1, n_rows // len(self.names))
        chosen = few_shot(list(rows["reference"]), shots, seed=0)
        rest = np.setdiff1d(np.arange(len(rows)), chosen)
        more = np.random.default_rng(0).permutation(rest)[: max(0, n_rows - len(chosen))]
        return sorted([*chosen, *more.tolist()])

    def resampled(self, answers: Sequence[Any], references: Sequence[Any]) -> Metric:
        """Return accuracy on resamples, as `Judge.resampled`."""
        right = np.equal(answers, references).astype(np.float64)
        return lambda drawn: np.asarray(drawn @ right / len(right))


class LabelSetJudge(_TextLabelJudge):
    """Sets of labels, compared by macro F1; an answer is the list of the indices of the labels that apply."""

    metric = "f1"
    highest = 1.0
    constant = "majority"
    problem = Problem.MULTI_LABEL

    def decoded(self, labels: Sequence[Any]) -> list[list[int]]:
        """Convert rows of 1 or 0 for each label, as `_TextLabelJudge.decoded`."""
        return [np.flatnonzero(of_row).tolist() for of_row in labels]

    def answers_of(self, logits: NDArray[np.floating[Any]]) -> list[list[int]]:
        """Decide for the labels with a logit above 0, as `Judge.answers_of`."""
        return self.decoded(list(logits > 0))

    def answers_in(self, columns: Mapping[str, Sequence[Any]]) -> list[list[int]]:
        """Read the labels with a probability above 0.5, as `Judge.answers_in`."""
        probabilities = np.array([columns[PROBABILITY_OF + name] for name in self.names])
        return self.decoded(list(probabilities.T - 0.5 > 0))

    def resampled(self, answers: Sequence[Any], references: Sequence[Any]) -> Metric:
        """Return macro F1 on resamples, in which a label that does not occur counts 0, as `Judge.resampled`."""
        given, expected = self._matrix(answers), self._matrix(references)
        both = given * expected

        def macro_f1(drawn: Drawn) -> NDArray[np.float64]:
            hits, references, predictions = ((drawn @ matrix).astype(np.int64) for matrix in (both, expected, given))
            totals = Tally(hits=hits, references=references, predictions=predictions, rows=len(given))
            return np.asarray(np.nan_to_num(LabelSetF1.parts(totals)).mean(axis=1))

        return macro_f1

    def _matrix(self, sets: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Return 1 for each label that applies and 0 for the others, ``[answered, n_labels]``."""
        matrix = np.zeros((len(sets), len(self.names)))
        for row, labels in enumerate(sets):
            matrix[row, list(labels)] = 1
        return matrix


class NumberJudge(_TextLabelJudge):
    """Numbers, compared by Pearson's correlation."""

    metric = "pearson"
    constant = "mean"
    problem = Problem.REGRESSION

    def decoded(self, labels: Sequence[Any]) -> list[float]:
        """Convert labels, as `_TextLabelJudge.decoded`."""
        return [float(label) for label in labels]

    def answers_of(self, logits: NDArray[np.floating[Any]]) -> list[float]:
        """Return the only output, as `Judge.answers_of`."""
        return self.decoded(logits[:, 0].tolist())

    def answers_in(self, columns: Mapping[str, Sequence[Any]]) -> list[float]:
        """Read the predicted numbers, as `Judge.answers_in`."""
        return self.decoded(columns["prediction"])

    def resampled(self, answers: Sequence[Any], references: Sequence[Any]) -> Metric:
        """Return Pearson's correlation on resamples, as `Judge.resampled`."""
        given, expected = (np.asarray(values, dtype=np.float64) for values in (answers, references))
        return lambda drawn: Pearson.weighted(given, expected, drawn)


_JUDGES: dict[Problem, type[_TextLabelJudge]] = {
    judge.problem: judge for judge in (ClassJudge, LabelSetJudge, NumberJudge)
}
