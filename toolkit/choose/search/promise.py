"""Which candidates deserve to be trained: their order by what frozen features tell, which costs next to nothing.

Accuracy on a few hundred validation rows is a coarse judge: models that it calls equal often are not. LogME, nearest
neighbours and the loss of a head on rows that it has not seen use every row, each in its own way; the mean of a
candidate's places in the three orders came closest to the order after full fine-tuning (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from toolkit.choose.measure.measurement import Measurement


def mean_places(made: Sequence[Measurement]) -> list[float]:
    """The mean of each one's places by the three scores; 1 is the first, and equals share their places.

    Args:
        made: results of features, of the same rows.
    """
    if not made:
        return []
    scores = np.array([_scores(one) for one in made])
    return [float(place) for place in np.mean([rankdata(-column) for column in scores.T], axis=0)]


def by_promise(made: Sequence[Measurement]) -> list[Measurement]:
    """The most promising first; arguments as of `mean_places`."""
    places = mean_places(made)
    return [made[place] for place in np.argsort(places, kind="stable")]


def _scores(made: Measurement) -> tuple[float, float, float]:
    """LogME and nearest neighbours of the best layer, and the least loss; more is better."""
    layers = made.details["scores"].values()
    log_me, knn = (max((_known(layer[name]) for layer in layers), default=-np.inf) for name in ("log_me", "knn"))
    return log_me, knn, -_known(made.details["held_out_loss"], otherwise=np.inf)


def _known(value: float | None, *, otherwise: float = -np.inf) -> float:
    return otherwise if value is None else float(value)
