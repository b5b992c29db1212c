"""Judges of text classification, one for each kind of label: a class, a set of labels, a number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from scipy.sparse import csr_array

from toolkit.data import ClassificationData
from toolkit.data.splits import few_shot
from toolkit.evaluation.baselines.as_code import as_code
from toolkit.evaluation.inference.rows import PROBABILITY_OF
from toolkit.evaluation.metrics.classes import METRICS, Accuracy
from toolkit.evaluation.metrics.intervals import mean_of_parts
from toolkit.evaluation.metrics.label_sets import LABEL_SET_METRICS, SetTally
from toolkit.evaluation.metrics.numbers import LESS_IS_BETTER, NUMBER_METRICS
from toolkit.evaluation.metrics.paired import Drawn, Metric
from toolkit.evaluation.metrics.tally import Tally
from toolkit.names import SPECS, Problem, Task
from toolkit.tasks.judge import BaselineAnswers, Judge, LabelJudge
from toolkit.tasks.text_classification.baselines import baseline_answers
from toolkit.tasks.text_classification.kinds import kind_of

UNEVEN = 10
"""Ratio of the rows of the largest class to those of the smallest from which accuracy says little of the small ones."""


def judge_labels(rows: Dataset, data: ClassificationData, *, metric: str | None = None) -> Judge:
    """Return the judge of some examples.

    Args:
        rows: of the data, with ``label``.
        data: as it was divided.
        metric: that decides; None: the first one of the problem.
    """
    return _JUDGES[data.problem](list(rows["label"]), data.labels, metric=metric)


def usual_metric(data: ClassificationData) -> tuple[str, float | None]:
    """Return the metric that decides where none is named.

    Args:
        data: as it was divided.

    Returns:
        The metric; and the ratio of the largest class to the smallest where that is why, else None.
    """
    first, second, *_ = SPECS[Task.TEXT_CLASSIFICATION].metrics_of(data.problem)
    if data.problem is not Problem.SINGLE_LABEL:
        return first, None
    rows = np.unique(np.asarray(data.train["label"]), return_counts=True)[1]
    ratio = float(rows.max() / rows.min())
    return (second, ratio) if ratio >= UNEVEN else (first, None)


class _TextLabelJudge(LabelJudge):
    """What the judges of this file share.

    Args:
        labels: column ``label`` of the examples. ``[examples]``
        names: of the labels, in the order of a model's outputs. ``[n_labels]``
        metric: that decides; None: the usual one of the class.
    """

    problem: Problem

    def __init__(self, labels: Sequence[Any], names: Sequence[str], *, metric: str | None = None) -> None:
        super().__init__(self.decoded(labels))
        self.names = tuple(names)
        self.metric = metric or self.metric

    @abstractmethod
    def decoded(self, labels: Sequence[Any]) -> list[Any]:
        """Convert labels as a data set and a baseline have them into the form of answers, ``[examples]``."""

    def baselines(self, train: Dataset, rows: Dataset, *, key: str) -> list[BaselineAnswers]:
        """Answer by the constant baseline and by TF-IDF, as `Judge.baselines`."""
        return [
            BaselineAnswers(baseline.name, self.decoded(list(baseline.predictions)), baseline.seconds, baseline.note)
            for baseline in baseline_answers(train, rows, problem=self.problem, key=f"{self.problem}-{key}")
        ]

    def baseline_code(self, name: str, train: Dataset) -> str | None:
        """Return the linear baseline in scikit-learn, as `Judge.baseline_code`; of pairs where it reads them as one."""
        model = kind_of(self.problem).linear_model
        has_pairs = "text_pair" in train.column_names
        if name == self.constant or (has_pairs and not model.reads_pairs):
            return None
        return as_code(list(train["text"]), model)


class ClassJudge(_TextLabelJudge):
    """Classes, compared by accuracy or another metric of classes; an answer is the index of a class."""

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
        """Return the metric on resamples, in which a label that does not occur counts as in all rows."""
        given, expected = np.asarray(answers, dtype=np.int64), np.asarray(references, dtype=np.int64)
        right = given == expected
        if self.metric == Accuracy.key:
            return lambda drawn: np.asarray(drawn @ right.astype(np.float64) / len(right))
        sums = [self._by_label(labels, of) for labels, of in ((expected, right), (expected, None), (given, None))]
        parts = METRICS[self.metric].parts

        def totals(drawn: Drawn) -> Tally:
            hits, references, predictions = ((drawn @ matrix).astype(np.int64) for matrix in sums)
            return Tally(hits=hits, references=references, predictions=predictions, rows=len(given))

        observed = parts(totals(np.ones((1, len(given)))))[0]
        return lambda drawn: mean_of_parts(parts(totals(drawn)), observed)

    def _by_label(self, labels: NDArray[np.int64], counted: NDArray[np.bool_] | None) -> csr_array:
        """Return 1 for the label of each row that counts, ``[answered, n_labels]``; an unknown label has no column."""
        rows = np.flatnonzero((labels >= 0) & (True if counted is None else counted))
        shape = (len(labels), len(self.names))
        return csr_array((np.ones(len(rows)), (rows, labels[rows])), shape=shape)


class LabelSetJudge(_TextLabelJudge):
    """Sets of labels, compared by macro F1 or another metric of sets; an answer is the list of their indices."""

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
        """Return the metric on resamples, in which a label that does not occur counts 0, as `Judge.resampled`."""
        given, expected = self._matrix(answers), self._matrix(references)
        both, exact = given * expected, (given == expected).all(axis=1).astype(np.float64)
        parts = LABEL_SET_METRICS[self.metric].parts

        def value(drawn: Drawn) -> NDArray[np.float64]:
            hits, references, predictions = ((drawn @ matrix).astype(np.int64) for matrix in (both, expected, given))
            totals = SetTally(
                hits=hits,
                references=references,
                predictions=predictions,
                rows=len(given),
                exact=(drawn @ exact).astype(np.int64),
                unknown=np.zeros(len(drawn), dtype=np.int64),
            )
            return np.asarray(np.nan_to_num(parts(totals)).mean(axis=1))

        return value

    def _matrix(self, sets: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Return 1 for each label that applies and 0 for the others, ``[answered, n_labels]``."""
        matrix = np.zeros((len(sets), len(self.names)))
        for row, labels in enumerate(sets):
            matrix[row, list(labels)] = 1
        return matrix


class NumberJudge(_TextLabelJudge):
    """Numbers, compared by Pearson's correlation or another metric of numbers."""

    metric = "pearson"
    constant = "mean"
    problem = Problem.REGRESSION

    def __init__(self, labels: Sequence[Any], names: Sequence[str], *, metric: str | None = None) -> None:
        super().__init__(labels, names, metric=metric)
        self.lower_is_better = self.metric in LESS_IS_BETTER

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
        """Return the metric on resamples, an error as minus itself, as `Judge.resampled`."""
        given, expected = (np.asarray(values, dtype=np.float64) for values in (answers, references))
        weighted, sign = NUMBER_METRICS[self.metric].weighted, -1.0 if self.lower_is_better else 1.0
        return lambda drawn: sign * weighted(given, expected, drawn)


_JUDGES: dict[Problem, type[_TextLabelJudge]] = {
    judge.problem: judge for judge in (ClassJudge, LabelSetJudge, NumberJudge)
}
