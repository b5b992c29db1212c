"""Metrics of texts with their 95 % bootstrap intervals.

Rows are drawn anew with replacement (`toolkit.evaluation.metrics.intervals` says how and why); a metric of a resample
needs only the sums of its rows' statistics, which is one product of matrices for all resamples together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.evaluation.metrics.texts import TextRows, text_metrics


def measure_texts(
    names: Sequence[str],
    *,
    predictions: Sequence[str] | None = None,
    references: Sequence[str] | None = None,
    likelihoods: Likelihoods | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, MetricValue]:
    """Metrics with their intervals, for a model and its baselines alike.

    Args:
        names: keys of `toolkit.evaluation.metrics.texts.TEXT_METRICS`.
        predictions: texts that a model wrote, for ``bleu``, ``bleu_lowercase`` and ``chrf``. ``[rows]``
        references: the right ones. ``[rows]``
        likelihoods: for the other metrics. ``[rows]``
        seed: of the resamples; the same seed gives the same intervals.
        resamples: how many to draw.

    Raises:
        RecipeError: a name is unknown.
        ValueError: there are no rows, their numbers differ, or what a metric needs is missing.
    """
    metrics = text_metrics(names)
    rows = TextRows(predictions, references, likelihoods)
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
    """The interval of resampled values; one that is undefined keeps the value on the full data."""
    return interval_of(np.where(np.isfinite(values), values, observed))


def _resampled_sums(
    statistics: Sequence[NDArray[np.float64]], *, seed: int, resamples: int
) -> list[NDArray[np.float64]]:
    """Sums of each ``[rows, k]`` over the same resampled rows, ``[resamples, k]``."""
    if not statistics:
        return []
    side_by_side = np.concatenate(statistics, axis=1)
    counts = drawn_rows(len(side_by_side), seed=seed, resamples=resamples)
    sums = np.concatenate([block @ side_by_side for block in counts])
    return np.split(sums, np.cumsum([each.shape[1] for each in statistics])[:-1], axis=1)
