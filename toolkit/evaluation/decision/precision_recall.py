"""Precision by recall of a label, at every probability from which it could be given, and their average.

The average precision is the sum of the precisions at each threshold, weighted by what the recall gains there; nothing
is interpolated (Davis and Goadrich 2006, https://doi.org/10.1145/1143844.1143874). Its interval is that of a logit by
the number of rows that have the label (Boyd, Eng and Page 2013, https://doi.org/10.1007/978-3-642-40994-3_29), which
costs nothing for many labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from toolkit.evaluation.metrics.metric_value import MetricValue

MOST_POINTS = 100

Point = tuple[float, float]


@dataclass(frozen=True)
class PrecisionRecall:
    """The curve of one label.

    Attributes:
        rows: those that have the label.
        average: average precision.
        points: recall and precision, from the lowest recall; few of many.
        chosen: recall and precision at the probability from which the label is given; None where it is given to none.
    """

    rows: int
    average: MetricValue
    points: tuple[Point, ...]
    chosen: Point | None

    def to_json(self) -> dict[str, Any]:
        """Return ``{"rows", "average_precision", "curve", "chosen"}``."""
        return {
            "rows": self.rows,
            "average_precision": self.average.to_json(),
            "curve": [[round(x, 5), round(y, 5)] for x, y in self.points],
            "chosen": None if self.chosen is None else list(self.chosen),
        }


def precision_recall(
    scores: NDArray[np.floating[Any]], truth: NDArray[np.bool_], given: NDArray[np.bool_]
) -> PrecisionRecall:
    """Compute the curve of a label.

    Args:
        scores: its probability. ``[rows]``
        truth: whether a row has it. ``[rows]``
        given: whether a row is given it. ``[rows]``
    """
    n_true = int(truth.sum())
    if not n_true:
        return PrecisionRecall(0, MetricValue(None, None, "no row has this label"), (), None)
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    # Rows of one probability are given the label together.
    last = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True))
    found = np.cumsum(truth[order])[last]
    recall, precision = found / n_true, found / (last + 1)
    value = float(np.sum(np.diff(recall, prepend=0.0) * precision))
    n_given = int(given.sum())
    hits = int((given & truth).sum())
    return PrecisionRecall(
        rows=n_true,
        average=MetricValue(value, logit_interval(value, n_true), None),
        points=_few(recall, precision),
        chosen=(hits / n_true, hits / n_given) if n_given else None,
    )


def logit_interval(value: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that `n` rows decide, in the scale of its logit."""
    # A row of half a hit keeps the ends within 0 and 1, and from either of them.
    inside = min(max(value, 0.5 / (n + 1)), (n + 0.5) / (n + 1))
    half = norm.ppf(0.975) / np.sqrt(n * inside * (1 - inside))
    low, high = expit(logit(inside) - half), expit(logit(inside) + half)
    return float(min(low, value)), float(max(high, value))


def _few(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> tuple[Point, ...]:
    """Return points at about equal steps of recall, the last one of all among them."""
    wanted = np.linspace(recall[0], 1.0, MOST_POINTS)
    kept = np.unique(np.append(np.searchsorted(recall, wanted - 1e-12), np.flatnonzero(recall >= 1.0)[:1]))
    kept = kept[kept < len(recall)]
    return tuple(zip(recall[kept].tolist(), precision[kept].tolist(), strict=True))
