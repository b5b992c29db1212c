"""When a classifier withholds its answer, so that the answers that it gives have the precision that was asked for.

A row is answered if the probability of its most probable class is high enough (Chow 1970,
https://doi.org/10.1109/TIT.1970.1054406). The validation rows, ordered by it, choose the least one at which the
precision of the answered rows is shown to be what was asked for: its exact binomial lower bound reaches it, as in
Geifman and El-Yaniv 2017 (https://arxiv.org/abs/1705.08500). Their search bounds as many places as it may look at. Here
the places are tested in an order that is known in advance: from each of a few starts, row after row, until one fails
(fixed-sequence testing, Angelopoulos et al. 2021, https://arxiv.org/abs/2110.01052). The starts share the error, and
one that is reached without a failure hands its part on to the next (Wiens 2003, Pharmaceutical Statistics 2, 211).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.adapters.decision import ABSTAIN, NEVER
from toolkit.evaluation.decision.proportion import least_rows, lower_bound, share

CONFIDENCE = 0.95
"""Probability that the precision on new rows like those of the validation is what was asked for."""

STARTS = 5
ERROR = (1 - CONFIDENCE) / STARTS
"""Share of each start in the error."""

MOST_POINTS = 120


@dataclass(frozen=True)
class Abstention:
    """What the validation rows chose.

    Attributes:
        asked: precision.
        abstain_below: probability below which there is no answer; 0 where every row may be answered, and
            `toolkit.adapters.decision.NEVER` where the precision is not shown for any rows.
        rows: validation rows.
        answered: those with an answer.
        right: those with a right one.
        at_least: lower bound of their precision; of no rows None.
    """

    asked: float
    abstain_below: float
    rows: int
    answered: int
    right: int
    at_least: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``decision`` in metrics.json."""
        return {
            "abstain": self.asked,
            "confidence": CONFIDENCE,
            ABSTAIN: self.abstain_below,
            "rows": self.rows,
            "answered": self.answered,
            "right": self.right,
            "precision_at_least": self.at_least,
        }


def needed_rows(asked: float) -> int:
    """Return how many validation rows it takes to show a precision, if the model makes no mistake."""
    return least_rows(asked, error=ERROR)


def choose_abstention(confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], *, asked: float) -> Abstention:
    """Choose the probability below which there is no answer, for the most rows that can be answered.

    Args:
        confidence: the probability of each validation row's most probable class. ``[rows]``
        right: whether that is its class. ``[rows]``
        asked: precision of the answered rows.
    """
    scores, rows, hits = _from_the_surest(confidence, right)
    starts = np.unique(np.searchsorted(rows, np.linspace(needed_rows(asked), len(right), STARTS, endpoint=False)))
    best, at_least, error = -1, 0.0, 0.0
    for start, end in pairwise([*starts[starts < len(rows)].tolist(), len(rows)]):
        error += ERROR
        bounds = lower_bound(hits[start:end], rows[start:end], error=error)
        failed = np.flatnonzero(bounds < asked)
        n_shown = int(failed[0]) if failed.size else end - start
        if n_shown:
            best, at_least = start + n_shown - 1, float(bounds[n_shown - 1])
        if failed.size:
            error = 0.0
    if best < 0:
        return Abstention(asked, NEVER, len(right), 0, 0, None)
    # Between the last row that is answered and the next one, so that rounding moves neither.
    below = 0.0 if best + 1 == len(rows) else float((scores[best] + scores[best + 1]) / 2)
    return Abstention(asked, below, len(right), int(rows[best]), int(hits[best]), at_least)


def measure_abstention(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_], *, abstain_below: float
) -> dict[str, Any]:
    """Measure how many rows are answered, and how well.

    Args:
        confidence: the probability of each row's most probable class. ``[rows]``
        right: whether that is its class. ``[rows]``
        abstain_below: probability below which there is no answer.

    Returns:
        ``{"abstain_below", "answered", "right", "coverage", "precision", "aurc", "curve": [[coverage, risk]]}``:
        coverage and precision with exact 95 % intervals. The curve has the risk, one minus the precision, if the
        surest rows alone were answered; ``aurc`` is its mean over the rows (Geifman et al. 2019,
        https://arxiv.org/abs/1805.08206).
    """
    answered = confidence >= abstain_below
    _, rows, hits = _from_the_surest(confidence, right)
    every = np.arange(1, len(right) + 1)
    # Rows of one probability cannot be told apart: each has its part of their mistakes.
    risk = 1 - np.interp(every, np.concatenate([[0], rows]), np.concatenate([[0], hits])) / every
    shown = np.unique(np.linspace(0, len(rows) - 1, min(MOST_POINTS, len(rows))).astype(np.int64))
    points = zip(rows[shown] / len(right), 1 - hits[shown] / rows[shown], strict=True)
    n_answered, n_right = int(answered.sum()), int((answered & right).sum())
    return {
        ABSTAIN: abstain_below,
        "answered": n_answered,
        "right": n_right,
        "coverage": share(n_answered, len(right)).to_json(),
        "precision": share(n_right, n_answered).to_json(),
        "aurc": float(risk.mean()),
        "curve": [[round(float(x), 6), round(float(y), 6)] for x, y in points],
    }


def _from_the_surest(
    confidence: NDArray[np.floating[Any]], right: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return each probability from the highest, and how many rows have it or a higher one, and how many are right."""
    order = np.argsort(-confidence, kind="stable")
    scores = np.asarray(confidence, dtype=np.float64)[order]
    last = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))
    return scores[last], np.asarray(last + 1, dtype=np.int64), np.cumsum(right[order], dtype=np.int64)[last]
