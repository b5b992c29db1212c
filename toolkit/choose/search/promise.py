"""Rank candidates by their frozen features, to train the most promising first; it costs next to nothing.

Accuracy on a few hundred validation examples is coarse: models with equal accuracy are often not equally good. LogME,
nearest neighbours and the held-out loss of a head use every example, each in its own way. The mean of a candidate's
ranks by the three scores came closest to the ranking after full fine-tuning (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from toolkit.choose.measure.measurement import Measurement


def mean_ranks(results: Sequence[Measurement]) -> list[float]:
    """Return the mean of each result's ranks by the three scores; 1 is the best, and ties share their ranks.

    Args:
        results: of features, from the same examples.
    """
    if not results:
        return []
    scores = np.array([_scores(result) for result in results])
    return [float(rank) for rank in np.mean([rankdata(-column) for column in scores.T], axis=0)]


def by_promise(results: Sequence[Measurement]) -> list[Measurement]:
    """Sort results by their promise, the most promising first; arguments as of `mean_ranks`."""
    return [results[index] for index in np.argsort(mean_ranks(results), kind="stable")]


def _scores(result: Measurement) -> tuple[float, float, float]:
    """Return LogME and nearest neighbours of the best layer, and minus the held-out loss; higher is better."""
    layers = result.details["scores"].values()
    log_me, knn = (max((_known(layer[name]) for layer in layers), default=-np.inf) for name in ("log_me", "knn"))
    return log_me, knn, -_known(result.details["held_out_loss"], otherwise=np.inf)


def _known(value: float | None, *, otherwise: float = -np.inf) -> float:
    return otherwise if value is None else float(value)
