"""Metrics of texts with their 95 % bootstrap intervals.

Rows are drawn with replacement, see `toolkit.evaluation.metrics.intervals`. A metric of a resample needs only the sums
of its rows' statistics, which one product of matrices gives for all resamples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.evaluation.metrics.text_metric import TextRows
from toolkit.evaluation.metrics.texts import text_metrics


def measure_texts(
    names: Sequence[str],
    *,
    predictions: Sequence[str] | None = None,
    references: Sequence[str] | None = None,
    likelihoods: Likelihoods | None = None,
    sources: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, MetricValue]:
    """Compute metrics with their intervals, of a model or of a baseline.

    Args:
        names: keys of `toolkit.evaluation.metrics.texts.TEXT_METRICS`.
        predictions: generated texts. ``[rows]``
        references: their targets. ``[rows]``
        likelihoods: of given texts, for the metrics of likelihoods. ``[rows]``
        sources: what was read, for ``copied_4grams``. ``[rows]``
        seed: of the resamples; the same seed gives the same intervals.
        resamples: number of resamples.

    Raises:
        RecipeError: if a name is unknown.
        ValueError: if there are no rows, their numbers differ, or an input of a metric is missing.
    """
    metrics = text_metrics(names)
    rows = TextRows(predictions, references, likelihoods, sources)
    statistics = [metric.statistics(rows) for metric in metrics.values()]
    values: dict[str, MetricValue] = {}
    resampled = _resampled_sums(statistics, seed=seed, resamples=resamples)
    for metric, of_rows, sums in zip(metrics.values(), statistics, resampled, strict=True):
        value = metric.value(of_rows.sum(axis=0))
        if np.isfinite(value):
            values[metric.name] = MetricValue(float(value), _interval(metric.value(sums), value))
        else:
            values[metric.name] = MetricValue(None, None, metric.undefined)
    return values


def _interval(values: NDArray[np.float64], observed: NDArray[np.float64]) -> tuple[float, float]:
    """Return the interval of resampled values; an undefined one is replaced by the value on the full data."""
    return interval_of(np.where(np.isfinite(values), values, observed))


def _resampled_sums(
    statistics: Sequence[NDArray[np.float64]], *, seed: int, resamples: int
) -> list[NDArray[np.float64]]:
    """Sum each ``[rows, k]`` over the same resampled rows, ``[resamples, k]``."""
    if not statistics:
        return []
    side_by_side = np.concatenate(statistics, axis=1)
    counts = drawn_rows(len(side_by_side), seed=seed, resamples=resamples)
    sums = np.concatenate([block @ side_by_side for block in counts])
    return np.split(sums, np.cumsum([each.shape[1] for each in statistics])[:-1], axis=1)
