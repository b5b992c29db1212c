"""How likelihoods of labels become comparable with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Calibration: TypeAlias = Literal["none", "length", "content-free", "domain", "batch"]
CALIBRATIONS: tuple[Calibration, ...] = get_args(Calibration)
CONTENT_FREE = ("N/A", "[MASK]", "")
"""What stands for a text without content (Zhao et al. 2021, section 5)."""

Scores: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a model says about the labels with one template, in nats.

    Attributes:
        of_texts: log-likelihood of each label after each text. ``[rows, labels]``
        n_tokens: of each label after each text. ``[rows, labels]``
        of_nothing: the same after prompts without content; None where not asked for. ``[CONTENT_FREE, labels]``
        of_ending: the same after the template's ending alone; None where not asked for. ``[1, labels]``
    """

    of_texts: Scores
    n_tokens: NDArray[np.int64]
    of_nothing: Scores | None = None
    of_ending: Scores | None = None


def calibrated(evidence: Evidence, method: Calibration) -> Scores:
    """Log-probabilities of the labels, each row adding up to a probability of 1, ``[rows, labels]``.

    - ``none``: the likelihoods as they are.
    - ``length``: per token, the geometric mean of a label's tokens.
    - ``content-free``: divided by the probabilities after texts without content, their mean (Zhao et al. 2021). The
      paper takes a softmax of these ratios; here they are divided by their sum, which keeps their order and is a
      probability.
    - ``domain``: divided by the likelihood after the template's ending alone, the pointwise mutual information of
      text and label (Holtzman et al. 2021).
    - ``batch``: divided by the mean over all texts (Zhou et al. 2023), as if no label were rarer than another.

    Args:
        evidence: has what the method needs.
        method: one of `CALIBRATIONS`.

    Raises:
        ValueError: the evidence lacks what the method needs.
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
    """The further evidence that a method needs, by its name in `Evidence`."""
    return {"content-free": ("of_nothing",), "domain": ("of_ending",)}.get(method, ())


def log_softmax(scores: Scores) -> Scores:
    """Log-probabilities over the last axis."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _mean(log_probabilities: Scores) -> Scores:
    """The logarithm of the mean probability of each label, ``[labels]``."""
    highest = log_probabilities.max(axis=0)
    return np.asarray(highest + np.log(np.exp(log_probabilities - highest).mean(axis=0)))


def _needed(scores: Scores | None, method: str) -> Scores:
    if scores is None:
        raise ValueError(f"the calibration {method!r} needs scores of prompts that were not asked for")
    return scores
