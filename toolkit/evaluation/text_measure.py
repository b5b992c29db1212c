"""Metrics of texts with their 95 % bootstrap intervals, and the difference between two systems.

Rows are drawn anew with replacement (`toolkit.evaluation.intervals` says how and why); a metric of a resample
needs only the sums of its rows' statistics, which is one product of matrices for all resamples together.
Two systems are compared on the same resamples (paired bootstrap, Koehn, 2004): what is hard for both cancels
out, so that the difference is known far better than either value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.intervals import drawn_rows, interval_of
from toolkit.evaluation.likelihoods import Likelihoods
from toolkit.evaluation.metric_value import MetricValue
from toolkit.evaluation.text_metrics import LikelihoodMetric, TextMetric, TextRows, text_metrics


@dataclass(frozen=True)
class Comparison:
    """How much a second system differs from a first on the same rows.

    Attributes:
        difference: the second's metric minus the first's; None where one is undefined.
        ci95: the ends of its 95 % interval, None together with `difference`.
        reason: why it is undefined.
    """

    difference: float | None
    ci95: tuple[float, float] | None
    reason: str | None = None

    @property
    def holds_zero(self) -> bool | None:
        """Whether the interval holds zero, so that neither is shown to be better; None where there is none."""
        return None if self.ci95 is None else self.ci95[0] <= 0 <= self.ci95[1]

    def to_json(self) -> dict[str, Any]:
        """``{"difference", "ci95", "holds_zero"}``, with ``"reason"`` where they are null."""
        interval = None if self.ci95 is None else list(self.ci95)
        undefined = {} if self.reason is None else {"reason": self.reason}
        return {"difference": self.difference, "ci95": interval, "holds_zero": self.holds_zero, **undefined}


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
        names: keys of `toolkit.evaluation.text_metrics.TEXT_METRICS`.
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


def compare_texts(
    names: Sequence[str], *, first: TextRows, second: TextRows, seed: int = 0, resamples: int = 1000
) -> dict[str, Comparison]:
    """By how much the second system's metrics differ from the first's, with paired intervals.

    Args:
        names: keys of `toolkit.evaluation.text_metrics.TEXT_METRICS`.
        first: what the metrics need; the same rows in the same order as `second`.
        second: the other system.
        seed: of the resamples, which are those of `measure_texts` for the same rows.
        resamples: how many to draw.

    Raises:
        RecipeError: a name is unknown.
        ValueError: the rows or references are not the same; a likelihood is counted in other units, as the
            perplexities of two tokenizers are (bits per character can be compared).
    """
    metrics = text_metrics(names)
    if len(first) != len(second):
        raise ValueError(f"{len(first)} rows cannot be compared with {len(second)}")
    references = [list(rows.references) for rows in (first, second) if rows.references is not None]
    if len(references) == 2 and references[0] != references[1]:
        raise ValueError("the two systems have different references")
    pairs = [(metric.statistics(first), metric.statistics(second)) for metric in metrics.values()]
    for metric, (one, other) in zip(metrics.values(), pairs, strict=True):
        _check_units(metric, one, other)
    resampled = _resampled_sums([np.concatenate(pair, axis=1) for pair in pairs], seed=seed, resamples=resamples)
    return {
        metric.name: _compare(metric, np.concatenate(pair, axis=1).sum(axis=0), sums)
        for metric, pair, sums in zip(metrics.values(), pairs, resampled, strict=True)
    }


def _check_units(metric: TextMetric, first: NDArray[np.float64], second: NDArray[np.float64]) -> None:
    if isinstance(metric, LikelihoodMetric) and not np.array_equal(first[:, 1], second[:, 1]):
        raise ValueError(f"{metric.name} cannot be compared: the two systems do not count the same {metric.units}")


def _compare(metric: TextMetric, sums: NDArray[np.float64], resampled: NDArray[np.float64]) -> Comparison:
    """Compare from sums of both systems side by side, ``[2 k]`` and ``[resamples, 2 k]``."""
    n_statistics = sums.shape[-1] // 2
    with np.errstate(invalid="ignore"):  # infinity minus infinity is undefined like the rest
        difference, differences = (
            metric.value(both[..., n_statistics:]) - metric.value(both[..., :n_statistics])
            for both in (sums, resampled)
        )
    if not np.isfinite(difference):
        return Comparison(None, None, metric.undefined)
    return Comparison(float(difference), _interval(differences, difference))


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
