"""Kept answers of text classification: a class, a set of labels, a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.inference.label_set_predictions import THRESHOLD
from toolkit.evaluation.inference.rows import PROBABILITY_OF
from toolkit.evaluation.metrics.classes import METRICS
from toolkit.evaluation.metrics.intervals import mean_of_parts
from toolkit.evaluation.metrics.label_sets import LABEL_SET_METRICS
from toolkit.evaluation.metrics.numbers import NUMBER_METRICS
from toolkit.evaluation.metrics.paired import Drawn, Metric
from toolkit.evaluation.metrics.tally import Cells, tally
from toolkit.names import Problem
from toolkit.tasks.kept_answers import Columns, KeptAnswers
from toolkit.tasks.text_classification.label_set_result import RowTotals

_JOINED = ", "


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
    """One class a row."""

    share_right = "accuracy"

    def __init__(self, columns: Columns, labels: Sequence[str]) -> None:
        super().__init__(columns, labels)
        n_labels = len(self.labels)
        self._predictions = np.array([self.place[name] for name in columns["prediction"]], dtype=np.int64)
        self._references = np.array([self.place.get(name, n_labels) for name in columns["reference"]], dtype=np.int64)

    def kinds(self) -> NDArray[np.int64]:
        """Return a number for each cell of the confusion matrix, as `KeptAnswers.kinds`."""
        return np.asarray(self._references * len(self.labels) + self._predictions)

    def metric(self, name: str, counts: NDArray[np.int64]) -> Metric | None:
        """Return a metric of classes, as `KeptAnswers.metric`."""
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

    share_right = "exact_match"

    def __init__(self, columns: Columns, labels: Sequence[str]) -> None:
        super().__init__(columns, labels)
        probabilities = [columns[PROBABILITY_OF + name] for name in self.labels]
        self._given = np.asarray(probabilities, dtype=np.float64).reshape(len(self.labels), -1).T >= THRESHOLD
        self._sets = [names_in(joined or "", self.place) for joined in columns["reference"]]
        self._expected = np.zeros(self._given.shape, dtype=np.bool_)
        for row, names in enumerate(self._sets):
            self._expected[row, [self.place[name] for name in names if name in self.place]] = True
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

    def shown(self, row: int) -> str:
        """Return the labels that were given, as `KeptAnswers.shown`."""
        return _JOINED.join(self.labels[label] for label in np.flatnonzero(self._given[row]))


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


def names_in(joined: str, known: Mapping[str, Any]) -> list[str]:
    """Return the names of a set of labels that were joined by commas; a known name may have commas of its own."""
    parts = joined.split(_JOINED) if joined else []
    names = []
    while parts:
        sizes = (n for n in range(len(parts), 1, -1) if _JOINED.join(parts[:n]) in known)
        size = next(sizes, 1)
        names.append(_JOINED.join(parts[:size]))
        del parts[:size]
    return names


def _mean(parts: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a metric of resamples; NaN where it is undefined on the whole data."""
    if np.isnan(observed).all():
        return np.full(parts.shape[:-1], np.nan)
    return mean_of_parts(parts, observed)
