"""Metrics of entities and tags, with 95 % intervals over sentences.

An entity is right if its label and both of its ends are (Tjong Kim Sang & De Meulder 2003, section 2.4,
https://aclanthology.org/W03-0419/). Precision and recall count the entities of all sentences together (micro), as
seqeval does; which tags mark an entity, `toolkit.tasks.token_classification.entities` says. Every metric is a ratio of
sums over sentences, so that a resample needs only the sums of its sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import RecipeError, explain
from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.tasks.token_classification.predictions import Found, TagPredictions

Sums = NDArray[np.float64]
"""``[..., 5]``: right, predicted and reference entities, right and all tags."""

_NO_ENTITY, _NOT_PREDICTED = "there is no entity", "no entity is predicted"


@dataclass(frozen=True)
class TagMetric:
    """A ratio of sums over sentences.

    Attributes:
        parts: returns the numerator and the denominator.
        undefined: the reason why a denominator is 0.
    """

    parts: Callable[[Sums], tuple[Sums, Sums]]
    undefined: str

    def value(self, sums: Sums) -> NDArray[np.float64]:
        """Return the metric of sums, NaN where it is undefined. ``[...]``."""
        numerator, denominator = self.parts(sums)
        whole = np.where(denominator > 0, denominator, np.nan)
        return np.asarray(numerator / whole)


METRICS = {
    "entity_f1": TagMetric(lambda sums: (2 * sums[..., 0], sums[..., 1] + sums[..., 2]), _NO_ENTITY),
    "entity_precision": TagMetric(lambda sums: (sums[..., 0], sums[..., 1]), _NOT_PREDICTED),
    "entity_recall": TagMetric(lambda sums: (sums[..., 0], sums[..., 2]), _NO_ENTITY),
    "token_accuracy": TagMetric(lambda sums: (sums[..., 3], sums[..., 4]), "there is no word"),
}


def measure(names: Sequence[str], sums: Sums, *, seed: int = 0, resamples: int = 1000) -> dict[str, MetricValue]:
    """Compute metrics with their intervals, of a model or of a baseline.

    Args:
        names: keys of `METRICS`.
        sums: of each sentence. ``[rows, 5]``
        seed: of the resamples; the same seed gives the same intervals.
        resamples: number of resamples.

    Raises:
        RecipeError: a name is unknown.
        ValueError: there are no rows.
    """
    for name in names:
        if name not in METRICS:
            raise RecipeError(explain(f"unknown metric {name!r}", allowed=list(METRICS), name=name))
    if not len(sums):
        raise ValueError("there are no rows to evaluate")
    resampled = np.concatenate([counts @ sums for counts in drawn_rows(len(sums), seed=seed, resamples=resamples)])
    return {name: _measured(METRICS[name], sums.sum(axis=0), resampled) for name in names}


def _measured(metric: TagMetric, total: Sums, resampled: Sums) -> MetricValue:
    value = float(metric.value(total))
    if np.isnan(value):
        return MetricValue(None, None, metric.undefined)
    values = metric.value(resampled)
    return MetricValue(value, interval_of(np.where(np.isnan(values), value, values)))


def sums_of(predictions: TagPredictions, label: str | None = None) -> Sums:
    """Count what is right in each sentence. ``[rows, 5]``.

    Args:
        predictions: with references.
        label: count the entities of this label alone, and no tags; None: all.

    Raises:
        ValueError: there are no references.
    """
    references, tags = predictions.references, predictions.reference_tags
    if references is None or tags is None:
        raise ValueError("predictions without references cannot be evaluated")
    rows = zip(predictions.entities, references, predictions.tags, tags, strict=True)
    return np.array([_sums(*row, label) for row in rows], dtype=np.float64).reshape(-1, 5)


def _sums(
    predicted: Sequence[Found], expected: Sequence[Found], tags: Sequence[str], right: Sequence[str], label: str | None
) -> tuple[int, ...]:
    ours, theirs = _counted(predicted, label), _counted(expected, label)
    n_right = (ours & theirs).total()
    if label is not None:
        return n_right, ours.total(), theirs.total(), 0, 0
    equal = sum(tag == other for tag, other in zip(tags, right, strict=True))
    return n_right, ours.total(), theirs.total(), equal, len(right)


def _counted(entities: Sequence[Found], label: str | None) -> Counter[tuple[int, int, str]]:
    return Counter((each.start, each.end, each.label) for each in entities if label in (None, each.label))
