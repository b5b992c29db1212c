"""Calibrate the likelihoods of labels, so that they can be compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Calibration: TypeAlias = Literal["none", "length", "content-free", "domain", "batch"]
CALIBRATIONS: tuple[Calibration, ...] = get_args(Calibration)
CONTENT_FREE = ("N/A", "[MASK]", "")
"""Texts without content (Zhao et al. 2021, https://arxiv.org/abs/2102.09690, section 5)."""

Scores: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log-likelihoods of the labels with one template, in nats.

    Attributes:
        of_texts: after each text. ``[rows, labels]``
        n_tokens: tokens of each label after each text. ``[rows, labels]``
        of_nothing: after texts without content; None where they were not computed. ``[CONTENT_FREE, labels]``
        of_ending: after the template's ending alone; None where they were not computed. ``[1, labels]``
    """

    of_texts: Scores
    n_tokens: NDArray[np.int64]
    of_nothing: Scores | None = None
    of_ending: Scores | None = None


def calibrated(evidence: Evidence, method: Calibration) -> Scores:
    """Return calibrated log-probabilities of the labels, ``[rows, labels]``; the probabilities of a row sum to 1.

    - ``none``: the likelihoods as they are.
    - ``length``: likelihood a token, the geometric mean over a label's tokens.
    - ``content-free``: divided by the mean probability after texts without content (Zhao et al. 2021,
      https://arxiv.org/abs/2102.09690). The paper takes a softmax of these ratios. Here they are divided by their sum,
      which keeps their order.
    - ``domain``: divided by the likelihood after the template's ending alone. This is the pointwise mutual information
      of text and label (Holtzman et al. 2021, https://arxiv.org/abs/2104.08315).
    - ``batch``: divided by the mean probability over all texts, which assumes that labels are equally frequent (Zhou
      et al. 2023, https://arxiv.org/abs/2309.17249).

    Args:
        evidence: with the log-likelihoods that the method needs, see `needs`.
        method: one of `CALIBRATIONS`.

    Raises:
        ValueError: the evidence lacks these log-likelihoods.
    """
    scores = evidence.of_texts
    if method == "length":
        scores = scores / evidence.n_tokens
    elif method == "content-free":
        scores = scores - _mean(log_softmax(_needed(evidence.of_nothing, method)))
    elif method == "domain":
        scores = scores - _needed(evidence.of_ending, method)
    elif method == "batch":
        scores = scores - _mean(log_softmax(scores))
    return log_softmax(scores)


def needs(method: Calibration) -> Sequence[str]:
    """Return the attributes of `Evidence` that a method needs beside those of the texts."""
    return {"content-free": ("of_nothing",), "domain": ("of_ending",)}.get(method, ())


def log_softmax(scores: Scores) -> Scores:
    """Normalise scores to log-probabilities over the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _mean(log_probabilities: Scores) -> Scores:
    """Return the logarithm of the mean probability of each label, ``[labels]``."""
    highest = log_probabilities.max(axis=0)
    return np.asarray(highest + np.log(np.exp(log_probabilities - highest).mean(axis=0)))


def _needed(scores: Scores | None, method: str) -> Scores:
    if scores is None:
        raise ValueError(f"the calibration {method!r} needs scores of prompts that were not asked for")
    return scores
