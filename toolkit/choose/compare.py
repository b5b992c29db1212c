"""Two candidates on the same rows: how far apart they are, and whether that could be chance.

Both are measured on the same resamples (paired bootstrap; Efron 1979, Koehn 2004): what is hard for both cancels
out, so that the difference is known far better than either value. `toolkit.evaluation.intervals` says how rows are
drawn; every metric of the toolkit can be computed from how often each row was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.intervals import drawn_rows, interval_of, mean_of_parts
from toolkit.evaluation.label_set_metrics import LABEL_SET_METRICS, SetTally
from toolkit.evaluation.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.metrics import METRICS, chosen_metrics
from toolkit.evaluation.number_metrics import NUMBER_METRICS
from toolkit.evaluation.number_predictions import NumberPredictions
from toolkit.evaluation.predict import LabelPredictions
from toolkit.evaluation.predictions import Predictions
from toolkit.evaluation.tally import UNKNOWN, Cells, tally
from toolkit.evaluation.text_measure import compare_texts
from toolkit.evaluation.text_metrics import TextRows
from toolkit.report.metric_words import metric_words

RESAMPLES = 2000

Drawn: TypeAlias = NDArray[np.float64]
"""How often each row was drawn, ``[resamples, rows]``."""
Metric: TypeAlias = Callable[[Drawn], NDArray[np.float64]]
"""A candidate's metric on resamples, ``[resamples]``; not finite where it is undefined."""


@dataclass(frozen=True)
class Difference:
    """By how much a first candidate is better than a second.

    Attributes:
        value: above 0 where the first is better.
        low, high: the ends of the 95 % interval.
    """

    value: float
    low: float
    high: float


def is_tie(difference: Difference) -> bool:
    """Whether the interval holds zero, so that neither is shown to be better."""
    return difference.low <= 0 <= difference.high


def paired_difference(a: ArrayLike, b: ArrayLike, *, n: int = RESAMPLES, seed: int = 0) -> Difference:
    """By how much the mean of one candidate's rows exceeds that of another's.

    Args:
        a, b: what each row gave, more being better: 1 where it is right, a score, less its loss. ``[rows]``
        n: resamples.
        seed: of the resamples; the same seed and number of rows draws the same rows.

    Raises:
        ValueError: there are no rows, not the same number of them, or a number is not finite.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (a, b))
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise ValueError(f"{list(first.shape)} and {list(second.shape)} are not results of the same rows")
    difference = bootstrap_difference(partial(_mean, first), partial(_mean, second), n_rows=len(first), n=n, seed=seed)
    if difference is None:
        raise ValueError("results hold numbers that are not finite, or too large to add up")
    return difference


def paired_metric_difference(
    metric: str, first: LabelPredictions, second: LabelPredictions, *, n: int = RESAMPLES, seed: int = 0
) -> Difference | None:
    """By how much one candidate's metric is better than another's on the same rows.

    Args:
        metric: a name that belongs to the problem; where less is better, less counts as better here too.
        first, second: with the same references in the same order.
        n, seed: as of `paired_difference`.

    Returns:
        None where the metric is undefined for one of them.

    Raises:
        RecipeError: the metric is unknown.
        ValueError: the rows are not the same, or have no references.
    """
    if _references(first) != _references(second):
        raise ValueError("the two candidates were not measured on the same rows")
    metrics = [_metric_of(metric, predictions) for predictions in (first, second)]
    difference = bootstrap_difference(metrics[0], metrics[1], n_rows=len(first), n=n, seed=seed)
    return _better(difference, metric)


def paired_text_difference(
    metric: str, first: TextRows, second: TextRows, *, n: int = RESAMPLES, seed: int = 0
) -> Difference | None:
    """As `paired_metric_difference`, for what was written, or how probable it was.

    Raises:
        RecipeError: the metric is unknown.
        ValueError: as `toolkit.evaluation.text_measure.compare_texts`, which compares.
    """
    compared = compare_texts([metric], first=second, second=first, seed=seed, resamples=n)[metric]
    if compared.difference is None or compared.ci95 is None:
        return None
    return _better(Difference(compared.difference, *compared.ci95), metric)


def bootstrap_difference(
    first: Metric, second: Metric, *, n_rows: int, n: int = RESAMPLES, seed: int = 0
) -> Difference | None:
    """By how much one metric exceeds another on the same resamples, for any metric of rows.

    Args:
        first, second: of the candidates. A resample on which one is undefined keeps the difference of all rows.
        n_rows: rows of the data.
        n, seed: as of `paired_difference`.

    Returns:
        None where one is undefined on all rows.
    """
    every_row = np.ones((1, n_rows))
    observed = float((first(every_row) - second(every_row))[0])
    if not np.isfinite(observed):
        return None
    blocks = drawn_rows(n_rows, seed=seed, resamples=n)
    values = np.concatenate([first(drawn) - second(drawn) for drawn in blocks])
    return Difference(observed, *interval_of(np.where(np.isfinite(values), values, observed)))


def _mean(rows: NDArray[np.float64], drawn: Drawn) -> NDArray[np.float64]:
    return np.asarray(drawn @ rows / len(rows))


def _better(difference: Difference | None, metric: str) -> Difference | None:
    if difference is None or metric_words(metric).greater_is_better:
        return difference
    return Difference(-difference.value, -difference.high, -difference.low)


def _references(predictions: LabelPredictions) -> list[object]:
    if predictions.references is None:
        raise ValueError("predictions without references cannot be compared")
    return list(predictions.references)


def _metric_of(name: str, predictions: LabelPredictions) -> Metric:
    if isinstance(predictions, LabelSetPredictions):
        return _of_label_sets(name, predictions)
    if isinstance(predictions, NumberPredictions):
        weighted = chosen_metrics([name], NUMBER_METRICS)[name].weighted
        return partial(weighted, predictions.predicted, predictions.expected)
    return _of_classes(name, predictions)


def _of_classes(name: str, predictions: Predictions) -> Metric:
    metric = chosen_metrics([name], METRICS)[name]
    references, n_labels = np.asarray(predictions.reference_labels), len(predictions.labels)
    rows = Cells(
        references=np.where(references == UNKNOWN, n_labels, references),
        predictions=predictions.predicted,
        counts=np.ones(len(predictions), dtype=np.int64),
        n_labels=n_labels,
    )
    return _mean_of_parts(lambda drawn: metric.parts(tally(rows, drawn.astype(np.int64))), len(predictions))


def _of_label_sets(name: str, predictions: LabelSetPredictions) -> Metric:
    metric = chosen_metrics([name], LABEL_SET_METRICS)[name]
    given, expected, unknown = predictions.predicted, predictions.reference_sets, predictions.unknown
    exact = (given == expected).all(axis=1) & (unknown == 0)
    hits, has, was_given, right = (each.astype(np.float64) for each in (given & expected, expected, given, exact))

    def parts(drawn: Drawn) -> NDArray[np.float64]:
        of_rows = (hits, has, was_given, right, unknown)
        found, wanted, answered, whole, missed = (np.rint(drawn @ each).astype(np.int64) for each in of_rows)
        return metric.parts(SetTally(found, wanted, answered, drawn.shape[1], exact=whole, unknown=missed))

    return _mean_of_parts(parts, len(given))


def _mean_of_parts(parts: Metric, n_rows: int) -> Metric:
    observed = parts(np.ones((1, n_rows)))[0]
    if np.isnan(observed).all():
        return lambda drawn: np.full(len(drawn), np.nan)
    return lambda drawn: mean_of_parts(parts(drawn), observed)
