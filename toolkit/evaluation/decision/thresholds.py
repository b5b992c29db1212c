"""Probabilities from which labels are given, chosen so that a metric is best on the validation rows.

Macro F1 is a mean over the labels, so each label has a threshold of its own; micro F1 counts all decisions together,
and the best thresholds are one for all (Koyejo et al. 2015, https://papers.nips.cc/paper/5883). With few rows a
threshold follows chance (Lipton et al. 2014, https://arxiv.org/abs/1402.1892). So a label with few rows shares the
threshold of all labels together. A threshold is the median of those that are best when a tenth of the rows is left out,
and the left-out tenths have to show that it helps, or a half stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.adapters.decision import THRESHOLDS
from toolkit.evaluation.metrics.classes import F1, METRICS
from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.intervals import mean_of_parts
from toolkit.evaluation.metrics.label_sets import LABEL_SET_METRICS, SetTally, tally_sets
from toolkit.evaluation.metrics.paired import bootstrap_difference
from toolkit.evaluation.metrics.tally import Tally

LEAST_ROWS = 10
"""A label with fewer validation rows has no threshold of its own."""

FOLDS = 10

HALF = 0.5

Parts = Callable[[Any], NDArray[np.float64]]
"""The scores whose mean is a metric, of the totals of each label."""


@dataclass(frozen=True)
class Scored:
    """Validation rows with their probabilities.

    Attributes:
        probabilities: of each label. ``[rows, n_labels]``
        truth: which labels each row has. ``[rows, n_labels]``
        unknown: labels of each row that the model does not have. ``[rows]``
    """

    probabilities: NDArray[np.floating[Any]]
    truth: NDArray[np.bool_]
    unknown: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, rows: NDArray[Any]) -> Scored:
        """Select rows."""
        return Scored(self.probabilities[rows], self.truth[rows], self.unknown[rows])


@dataclass(frozen=True)
class Thresholds:
    """What the validation rows chose.

    Attributes:
        metric: that is to be best.
        values: the probability from which each label is given; none where the usual decision stays.
        rows: validation rows.
        shared: number of labels with too few rows for a threshold of their own.
        gain: in the metric over the usual decision, on rows that did not choose; None where nothing could be chosen.
    """

    metric: str
    values: tuple[float, ...]
    rows: int
    shared: int
    gain: Difference | None

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``decision`` in metrics.json."""
        gain = None if self.gain is None else {"value": self.gain.value, "ci95": [self.gain.low, self.gain.high]}
        return {
            "threshold": self.metric,
            THRESHOLDS: list(self.values) or None,
            "rows": self.rows,
            "shared": self.shared,
            "gain": gain,
        }


def choose_for_two_classes(scored: Scored, metric: str) -> Thresholds:
    """Choose the probability from which a row has the second of two classes; those of both add up to 1."""
    parts = METRICS[metric].parts
    if min(scored.truth.sum(axis=0)) < LEAST_ROWS:
        return Thresholds(metric, (), len(scored), 0, None)

    def choose(rows: Scored) -> NDArray[np.float64]:
        second = best_threshold(rows.probabilities[:, 1], rows.truth[:, 1], partial(_of_two, parts, rows))
        return np.array([1 - second, second])

    return _shown_to_help(scored, metric, parts, choose, two_classes, shared=0)


def choose_for_labels(scored: Scored, metric: str) -> Thresholds:
    """Choose the probability from which each label is given: one for all labels for micro F1, else one a label."""
    own = scored.truth.sum(axis=0) >= LEAST_ROWS if metric == F1.key else np.zeros(scored.truth.shape[1], dtype=bool)
    if scored.truth.sum() < LEAST_ROWS:
        return Thresholds(metric, (), len(scored), 0, None)

    def choose(rows: Scored) -> NDArray[np.float64]:
        together = rows.probabilities.ravel(), rows.truth.ravel()
        values = np.full(len(own), best_threshold(*together, partial(_f1, missed=int(rows.unknown.sum()))))
        for label in np.flatnonzero(own):
            values[label] = best_threshold(rows.probabilities[:, label], rows.truth[:, label], _f1)
        return values

    shared = int((~own).sum()) if metric == F1.key else 0
    return _shown_to_help(scored, metric, LABEL_SET_METRICS[metric].parts, choose, label_sets, shared=shared)


def two_classes(probabilities: NDArray[np.floating[Any]], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which class each row is given, ``[rows, 2]``."""
    second = probabilities[:, 1] >= thresholds[1]
    return np.stack([~second, second], axis=1)


def label_sets(probabilities: NDArray[np.floating[Any]], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which labels each row is given, ``[rows, n_labels]``."""
    return np.asarray(probabilities >= thresholds)


def best_threshold(
    scores: NDArray[np.floating[Any]],
    truth: NDArray[np.bool_],
    value: Callable[[NDArray[np.int64], NDArray[np.int64], int], NDArray[np.float64]],
) -> float:
    """Return the threshold at which a metric is best; of equally good ones that which is nearest to a half.

    Args:
        scores: probabilities. ``[rows]``
        truth: whether each row has the label. ``[rows]``
        value: of the metric, given the rows that are found, those that are given the label, ``[thresholds]`` each, and
            the number of rows that have it.
    """
    order = np.argsort(-scores, kind="stable")
    ordered = np.asarray(scores, dtype=np.float64)[order]
    last = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True))
    given, found = np.append(0, last + 1), np.append(0, np.cumsum(truth[order])[last])
    # Between two probabilities, so that rounding moves no row over a threshold.
    edges = np.concatenate([[1.0], ordered[last], [0.0]])
    values = np.nan_to_num(value(found, given, int(truth.sum())), nan=0.0)
    good = np.flatnonzero(values >= values.max() - 1e-12)
    return float(min(((edges[good] + edges[good + 1]) / 2).tolist(), key=lambda each: abs(each - HALF)))


def _f1(found: NDArray[np.int64], given: NDArray[np.int64], n_true: int, *, missed: int = 0) -> NDArray[np.float64]:
    return np.asarray(2 * found / np.maximum(1, given + n_true + missed))


def _of_two(
    parts: Parts, rows: Scored, found: NDArray[np.int64], given: NDArray[np.int64], n_true: int
) -> NDArray[np.float64]:
    """Return a metric of two classes, given how many rows are given the second one, and rightly."""
    # Rows of a class that nobody knows are in neither.
    order = np.argsort(-rows.probabilities[:, 1], kind="stable")
    lost = np.append(0, np.cumsum(rows.truth[order, 0]))[given]
    n_first = int(rows.truth[:, 0].sum())
    totals = Tally(
        hits=np.stack([n_first - lost, found], axis=-1),
        references=np.broadcast_to([n_first, n_true], (len(found), 2)),
        predictions=np.stack([len(rows) - given, given], axis=-1),
        rows=len(rows),
    )
    return np.asarray(np.nan_to_num(parts(totals), nan=0.0).mean(axis=-1))


def _shown_to_help(
    scored: Scored,
    metric: str,
    parts: Parts,
    choose: Callable[[Scored], NDArray[np.float64]],
    decide: Callable[[NDArray[np.floating[Any]], NDArray[np.float64]], NDArray[np.bool_]],
    *,
    shared: int,
) -> Thresholds:
    """Choose without each tenth of the rows, and keep the medians where the left-out tenths show a gain."""
    fold = np.random.default_rng(0).permutation(len(scored)) % FOLDS
    tried = [choose(scored.take(fold != each)) for each in range(FOLDS)]
    decided = np.zeros(scored.truth.shape, dtype=bool)
    for each, found in enumerate(tried):
        decided[fold == each] = decide(scored.probabilities[fold == each], found)
    usual = decide(scored.probabilities, np.full(scored.truth.shape[1], HALF))
    gain = bootstrap_difference(
        partial(_drawn_metric, parts, decided, scored), partial(_drawn_metric, parts, usual, scored), n_rows=len(scored)
    )
    helps = gain is not None and gain.low > 0
    values = tuple(np.median(tried, axis=0).tolist()) if helps else ()
    return Thresholds(metric, values, len(scored), shared, gain)


def _drawn_metric(
    parts: Parts, decided: NDArray[np.bool_], scored: Scored, drawn: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute a metric on resamples, ``[resamples]``, given how often each row was drawn."""
    truth, unknown = scored.truth, scored.unknown
    exact = (decided == truth).all(axis=1) & (unknown == 0)
    blocks = (decided & truth, truth, decided, exact, unknown)
    hits, references, predictions, n_exact, missed = (
        np.rint(drawn @ block.astype(np.float64)).astype(np.int64) for block in blocks
    )
    totals = SetTally(hits, references, predictions, len(truth), exact=n_exact, unknown=missed)
    return mean_of_parts(parts(totals), parts(tally_sets(decided, truth, unknown=unknown)))
