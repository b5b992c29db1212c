"""Kept answers of text classification: a class, a set of labels, a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.inference.label_set_predictions import names_in
from toolkit.evaluation.metrics.classes import METRICS
from toolkit.evaluation.metrics.intervals import mean_of_parts
from toolkit.evaluation.metrics.label_sets import LABEL_SET_METRICS
from toolkit.evaluation.metrics.numbers import NUMBER_METRICS
from toolkit.evaluation.metrics.paired import Drawn, Metric
from toolkit.evaluation.metrics.tally import Cells, tally
from toolkit.names import Problem
from toolkit.tasks.kept_answers import Columns, KeptAnswers
from toolkit.tasks.text_classification.label_set_result import RowTotals


class KeptLabels(KeptAnswers):
    """What the kinds of labels share.

    Args:
        columns: as of `KeptAnswers`.
        labels: of the model, those of its training data.
    """

    def __init__(self, columns: Columns, labels: Sequence[str]) -> None:
        super().__init__(columns)
        self.labels = tuple(labels)
        self.place = {name: index for index, name in enumerate(self.labels)}

    def again(self, columns: Columns) -> Self:
        """Return answers of the same model, as `KeptAnswers.again`."""
        return type(self)(columns, self.labels)


class KeptClasses(KeptLabels):
    """One class a row, or no answer: what a model would have said that abstains is not kept."""

    def __init__(self, columns: Columns, labels: Sequence[str]) -> None:
        super().__init__(columns, labels)
        n_labels = len(self.labels)
        self._abstains = None in columns["prediction"]
        places = (n_labels + 1 if name is None else self.place[name] for name in columns["prediction"])
        self._predictions = np.fromiter(places, dtype=np.int64)
        self._references = np.array([self.place.get(name, n_labels) for name in columns["reference"]], dtype=np.int64)

    @property
    def share_right(self) -> str | None:
        """Return accuracy, unless answers are withheld."""
        return None if self._abstains else "accuracy"

    def kinds(self) -> NDArray[np.int64]:
        """Return a number for each cell of the confusion matrix, as `KeptAnswers.kinds`."""
        return np.asarray(self._references * (len(self.labels) + 2) + self._predictions)

    def metric(self, name: str, counts: NDArray[np.int64]) -> Metric | None:
        """Return a metric of classes; None where answers are withheld, as `KeptAnswers.metric`."""
        if self._abstains:
            return None
        parts = METRICS[name].parts
        cells = Cells(self._references, self._predictions, counts, len(self.labels))
        observed = parts(tally(cells))

        def value(drawn: Drawn) -> NDArray[np.float64]:
            return _mean(parts(tally(cells, drawn.astype(np.int64))), observed)

        return value

    def goodness(self) -> NDArray[np.float64]:
        """Return 1 for a right class, as `KeptAnswers.goodness`."""
        return np.asarray(self._predictions == self._references, dtype=np.float64)


class KeptLabelSets(KeptLabels):
    """A set of labels a row."""

    @property
    def share_right(self) -> str:
        """Return the share of rows with the right set."""
        return "exact_match"

    def __init__(self, columns: Columns, labels: Sequence[str]) -> None:
        super().__init__(columns, labels)
        self._sets = [names_in(joined or "", self.place) for joined in columns["reference"]]
        self._expected = self._matrix(self._sets)
        self._given = self._matrix([names_in(joined or "", self.place) for joined in columns["prediction"]])
        unknown = [sum(name not in self.place for name in names) for names in self._sets]
        self._unknown = np.array(unknown, dtype=np.int64)

    def right_answer(self, row: int) -> list[str]:
        """Return the names of the labels in one order for all models, as `KeptAnswers.right_answer`."""
        return sorted(self._sets[row])

    def metric(self, name: str, counts: NDArray[np.int64]) -> Metric | None:
        """Return a metric of sets, as `KeptAnswers.metric`."""
        parts = LABEL_SET_METRICS[name].parts
        rows = RowTotals(self._given, self._expected, self._unknown)
        observed = parts(rows.tally(counts[np.newaxis].astype(np.float64)))[0]
        return lambda drawn: _mean(parts(rows.tally(drawn)), observed)

    def goodness(self) -> NDArray[np.float64]:
        """Return 1 for the right set, as `KeptAnswers.goodness`."""
        right = (self._given == self._expected).all(axis=1) & (self._unknown == 0)
        return np.asarray(right, dtype=np.float64)

    def _matrix(self, sets: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
        """Return which of the labels each row has, ``[rows, n_labels]``."""
        matrix = np.zeros((len(sets), len(self.labels)), dtype=np.bool_)
        for row, names in enumerate(sets):
            matrix[row, [self.place[name] for name in names if name in self.place]] = True
        return matrix


class KeptNumbers(KeptLabels):
    """A number a row."""

    def __init__(self, columns: Columns, labels: Sequence[str]) -> None:
        super().__init__(columns, labels)
        self._predictions = np.asarray(columns["prediction"], dtype=np.float64)
        self._references = np.asarray(columns["reference"], dtype=np.float64)

    def metric(self, name: str, counts: NDArray[np.int64]) -> Metric | None:
        """Return a metric of numbers, as `KeptAnswers.metric`."""
        return partial(NUMBER_METRICS[name].weighted, self._predictions, self._references)

    def goodness(self) -> NDArray[np.float64]:
        """Return minus the absolute error, as `KeptAnswers.goodness`."""
        return np.asarray(-np.abs(self._predictions - self._references))

    def shown(self, row: int) -> str:
        """Return a number to four digits, as `KeptAnswers.shown`."""
        return f"{self._predictions[row]:.4g}"

    def shown_right(self, row: int) -> str:
        """Return the right number, as `KeptAnswers.shown_right`."""
        return f"{self._references[row]:.4g}"


KEPT: Mapping[Problem, type[KeptLabels]] = {
    Problem.SINGLE_LABEL: KeptClasses,
    Problem.MULTI_LABEL: KeptLabelSets,
    Problem.REGRESSION: KeptNumbers,
}


def _mean(parts: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a metric of resamples; NaN where it is undefined on the whole data."""
    if np.isnan(observed).all():
        return np.full(parts.shape[:-1], np.nan)
    return mean_of_parts(parts, observed)
