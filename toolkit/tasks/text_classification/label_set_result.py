"""The honest result of a model of several labels a text: metrics with intervals, and each label by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, hstack

from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.metrics.classes import chosen_metrics, value_of
from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of, mean_of_parts
from toolkit.evaluation.metrics.label_sets import (
    LABEL_SET_METRICS,
    LabelSetF1,
    LabelSetPrecision,
    LabelSetRecall,
    SetTally,
    both_sets,
    tally_sets,
)
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json
from toolkit.tasks.text_classification.class_result import some_names
from toolkit.tasks.text_classification.mistakes import Mistake, most_confident_mistakes
from toolkit.tasks.text_classification.probabilities import measure_probabilities


@dataclass(frozen=True)
class LabelScore:
    """How well one label is told.

    Attributes:
        label: its name.
        rows: rows that have it.
        given: rows that were given it.
        precision, recall, f1: 0 to 1; None where there is nothing to divide by.
    """

    label: str
    rows: int
    given: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, eq=False)
class LabelSetEvaluation:
    """What came out on one split.

    Attributes:
        rows: evaluated rows.
        metrics: in the order asked for.
        per_label: a score a label, in the order of the model's outputs.
        mistakes: the most confident ones.
        warnings: what makes the numbers less than they seem, one line each.
        predictions: that were evaluated.
    """

    rows: int
    metrics: dict[str, MetricValue]
    per_label: tuple[LabelScore, ...]
    mistakes: tuple[Mistake, ...]
    warnings: tuple[str, ...]
    predictions: LabelSetPredictions

    def samples(self) -> list[dict[str, Any]]:
        """Return the mistakes."""
        return [asdict(mistake) for mistake in self.mistakes]

    def to_json(self) -> dict[str, Any]:
        """Return the split's entry in metrics.json.

        ``{"rows", "metrics", "per_label": [LabelScore]}``, and what `measure_probabilities` gives.
        """
        return {
            "rows": self.rows,
            "metrics": metrics_to_json(self.metrics),
            "per_label": [asdict(score) for score in self.per_label],
            **measure_probabilities(self.predictions),
        }


def measure_label_sets(
    names: Sequence[str],
    *,
    predictions: ArrayLike,
    references: ArrayLike,
    unknown: NDArray[np.int64] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, MetricValue]:
    """Compute metrics with their intervals, for a model and its baselines alike.

    Args:
        names: keys of `toolkit.evaluation.metrics.label_sets.LABEL_SET_METRICS`.
        predictions, references: which label belongs to which row. ``[rows, n_labels]``
        unknown: labels of each row that the training data does not have; None: there are none. ``[rows]``
        seed: of the intervals' resamples.
        resamples: how many to draw.

    Raises:
        RecipeError: a name is unknown.
        ValueError: there are no rows, or the shapes differ.
    """
    metrics = chosen_metrics(names, LABEL_SET_METRICS)
    predicted, expected = both_sets(predictions, references)
    whole = tally_sets(predicted, expected, unknown=unknown)
    observed = {name: metric.parts(whole) for name, metric in metrics.items()}
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in metrics}
    rows = RowTotals(predicted, expected, unknown)
    for counts in drawn_rows(len(predicted), seed=seed, resamples=resamples, width=rows.width):
        totals = rows.tally(counts)
        for name, metric in metrics.items():
            values[name].append(mean_of_parts(metric.parts(totals), observed[name]))
    found: dict[str, MetricValue] = {}
    for name, metric in metrics.items():
        value = value_of(observed[name])
        interval = None if value is None else interval_of(np.concatenate(values[name]))
        found[name] = MetricValue(value, interval, metric.undefined if value is None else None)
    return found


def evaluate_label_sets(
    predictions: LabelSetPredictions, *, metrics: Sequence[str], seed: int = 0
) -> LabelSetEvaluation:
    """Evaluate what a model predicted against the references.

    Args:
        predictions: with a reference in every row.
        metrics: keys of `toolkit.evaluation.metrics.label_sets.LABEL_SET_METRICS`.
        seed: of the intervals' resamples.

    Raises:
        RecipeError: the name of a metric is unknown.
        ValueError: a row has no reference, or there are no rows.
    """
    predicted, expected, unknown = predictions.predicted, predictions.reference_sets, predictions.unknown
    return LabelSetEvaluation(
        rows=len(predictions),
        metrics=measure_label_sets(metrics, predictions=predicted, references=expected, unknown=unknown, seed=seed),
        per_label=_scores(predictions.labels, tally_sets(predicted, expected)),
        mistakes=most_confident_mistakes(predictions),
        warnings=_warnings(predictions, expected, unknown),
        predictions=predictions,
    )


class RowTotals:
    """What each row adds to the totals, sparse: few rows have more than a few labels."""

    def __init__(
        self, predictions: NDArray[np.bool_], references: NDArray[np.bool_], unknown: NDArray[np.int64] | None
    ) -> None:
        self._n_labels = predictions.shape[1]
        missed = np.zeros(len(predictions), dtype=np.int64) if unknown is None else unknown
        exact = (predictions == references).all(axis=1) & (missed == 0)
        blocks = (predictions & references, references, predictions, exact[:, np.newaxis], missed[:, np.newaxis])
        self._of_rows = hstack([csr_matrix(block, dtype=np.float64) for block in blocks], format="csr").T.tocsr()

    @property
    def width(self) -> int:
        """Return how many numbers a resample has."""
        return int(self._of_rows.shape[0])

    def tally(self, counts: NDArray[np.float64]) -> SetTally:
        """Sum the rows of resamples, given how often each was drawn, ``[resamples, rows]``."""
        sums = np.rint(self._of_rows @ counts.T).T.astype(np.int64)
        hits, references, predictions, rest = np.split(sums, self._n_labels * np.arange(1, 4), axis=1)
        return SetTally(hits, references, predictions, round(counts[0].sum()), exact=rest[:, 0], unknown=rest[:, 1])


def _scores(labels: Sequence[str], totals: SetTally) -> tuple[LabelScore, ...]:
    columns = (LabelSetPrecision.parts(totals), LabelSetRecall.parts(totals), LabelSetF1.parts(totals))
    scores = ([None if np.isnan(value) else float(value) for value in column] for column in columns)
    rows = zip(labels, totals.references.tolist(), totals.predictions.tolist(), *scores, strict=True)
    return tuple(LabelScore(*row) for row in rows)


def _warnings(
    predictions: LabelSetPredictions, expected: NDArray[np.bool_], unknown: NDArray[np.int64]
) -> tuple[str, ...]:
    warnings = []
    if unknown.any():
        known = set(predictions.labels)
        names = sorted({name for of_row in predictions.references or () for name in set(of_row or ()) - known})
        warnings.append(
            f"{np.count_nonzero(unknown)} of {len(predictions)} rows have a label that the training data does not have "
            f"({some_names(names)}): it counts as missed"
        )
    absent = [predictions.labels[label] for label in np.flatnonzero(~expected.any(axis=0))]
    if absent:
        warnings.append(
            f"{len(absent)} of {len(predictions.labels)} labels of the training data have no row here "
            f"({some_names(absent)}): they count as 0 in macro averages"
        )
    return tuple(warnings)
