"""One number by which all logits are divided, so that probabilities are as sure as they are right.

Temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599): the temperature with the least negative log
likelihood on rows that the model has not learnt from. The most probable class stays the same one, and so does every
label with a probability of a half or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, softmax

LEAST_ROWS = 50
"""Validation rows below which no temperature is chosen."""

COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures beyond which there is none: of rows that are all right, every colder one is better."""

_Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Temperature:
    """What the validation rows chose.

    Attributes:
        value: by which the logits are to be divided; above 1 where the model is too sure. None: no temperature.
        rows: validation rows.
        reason: why there is none.
    """

    value: float | None
    rows: int
    reason: str = ""


def fit_temperature(probabilities: _Values, truth: NDArray[np.bool_], *, several: bool) -> Temperature:
    """Find the temperature with the least negative log likelihood.

    Args:
        probabilities: of the validation rows. ``[rows, n_labels]``
        truth: which labels each row has, of classes exactly one. ``[rows, n_labels]``
        several: whether each label is a decision of its own.
    """
    n_rows = len(probabilities)
    if n_rows < LEAST_ROWS:
        return Temperature(None, n_rows, f"fewer than {LEAST_ROWS} validation rows")
    logits = logits_of(probabilities, several=several)
    slope = _slope_of_sets if several else _slope_of_classes

    def rising(log_sharpness: float) -> float:
        return slope(logits, truth, float(np.exp(log_sharpness)))

    # The loss is convex in the sharpness, one over the temperature, so its slope has one root at most.
    low, high = -np.log(HOTTEST), -np.log(COLDEST)
    if rising(high) <= 0:
        return Temperature(None, n_rows, "the validation rows would be right at any sharpness")
    if rising(low) >= 0:
        return Temperature(None, n_rows, "the probabilities say nothing about the validation rows")
    return Temperature(float(np.exp(-brentq(rising, low, high, xtol=1e-9))), n_rows)


def logits_of(probabilities: _Values, *, several: bool) -> NDArray[np.float64]:
    """Return logits that have these probabilities, ``[rows, n_labels]``."""
    values = np.asarray(probabilities, dtype=np.float64)
    if several:
        nearest = float(np.finfo(np.float32).eps) / 2  # to 0 and 1, as the network's own numbers
        values = np.clip(values, nearest, 1 - nearest)
        return np.asarray(np.log(values) - np.log1p(-values))
    return np.asarray(np.log(np.maximum(values, np.finfo(np.float32).tiny)))


def tempered(probabilities: _Values, temperature: float, *, several: bool) -> NDArray[np.float64]:
    """Return the probabilities of logits that are divided by a temperature, ``[rows, n_labels]``."""
    logits = logits_of(probabilities, several=several) / temperature
    return np.asarray(expit(logits) if several else softmax(logits, axis=1))


def _slope_of_classes(logits: NDArray[np.float64], truth: NDArray[np.bool_], sharpness: float) -> float:
    """Return the derivative of the mean loss by the sharpness: the expected logit less that of the class."""
    expected = (softmax(sharpness * logits, axis=1) * logits).sum(axis=1)
    return float((expected - logits[truth]).mean())


def _slope_of_sets(logits: NDArray[np.float64], truth: NDArray[np.bool_], sharpness: float) -> float:
    return float(((expit(sharpness * logits) - truth) * logits).mean())
