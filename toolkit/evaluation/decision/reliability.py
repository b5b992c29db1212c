"""Whether probabilities mean what they say: of the answers with a probability of 0.8, are four in five right?

The answers are ordered by their probability and divided into bins of equally many, so that no bin is empty and none
stands for most of them (Nguyen and O'Connor 2015, https://aclanthology.org/D15-1182/). The expected calibration error
is the mean gap between the probability in a bin and the share of right answers (Naeini et al. 2015,
https://doi.org/10.1609/aaai.v29i1.9602). It is above 0 even of perfect probabilities, because each bin has few rows;
so it stands beside what chance alone would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.decision.proportion import share
from toolkit.evaluation.metrics.intervals import drawn_rows, interval_of
from toolkit.evaluation.metrics.metric_value import MetricValue

MOST_BINS = 15
ROWS_A_BIN = 50

RESAMPLES = 1000

_Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Said:
    """Answers with a probability each, and whether they are right; a row may give several, or none.

    Attributes:
        rows: the row of each answer. ``[answers]``
        probabilities: ``[answers]``
        right: ``[answers]``
        n_rows: how many rows there are.
        losses: of each row the sum of a loss over its answers, by the name of the loss. ``[n_rows]`` each
    """

    rows: NDArray[np.int64]
    probabilities: _Values
    right: NDArray[np.bool_]
    n_rows: int
    losses: Mapping[str, _Values]


@dataclass(frozen=True)
class Bin:
    """Answers of neighbouring probabilities.

    Attributes:
        answers: their number.
        confidence: their mean probability.
        right: the share of right ones, with its exact interval.
    """

    answers: int
    confidence: float
    right: MetricValue

    def to_json(self) -> dict[str, Any]:
        """Return ``{"answers", "confidence", "right"}``."""
        return {"answers": self.answers, "confidence": self.confidence, "right": self.right.to_json()}


@dataclass(frozen=True)
class Reliability:
    """How far probabilities can be taken at their word.

    Attributes:
        answers: with a probability.
        gap: mean probability minus the share of right answers; above 0 of a model that is too sure.
        error: expected calibration error.
        by_chance: what the error of perfect probabilities stays below in 95 of 100 samples as large as this one.
        losses: by name: ``brier``, ``nll``.
        bins: from the least to the most probable answers.
    """

    answers: int
    gap: MetricValue
    error: MetricValue
    by_chance: float
    losses: Mapping[str, MetricValue]
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the entry ``calibration`` of a split in metrics.json."""
        return {
            "answers": self.answers,
            "gap": self.gap.to_json(),
            "ece": {**self.error.to_json(), "by_chance": self.by_chance},
            **{name: value.to_json() for name, value in self.losses.items()},
            "bins": [each.to_json() for each in self.bins],
        }


def measure_reliability(said: Said, *, seed: int = 0) -> Reliability | None:
    """Measure probabilities, with 95 % bootstrap intervals over the rows.

    The interval of the expected calibration error is shifted by what the error grows on resamples, as a resample adds
    as much chance again as the sample has. It begins at 0 where chance alone may give such an error.

    Args:
        said: the answers.
        seed: of the resamples.

    Returns:
        None where there is no answer.
    """
    n_answers = len(said.rows)
    if not n_answers:
        return None
    place = equal_bins(said.probabilities)
    n_bins = int(place.max()) + 1
    off = np.zeros((said.n_rows, n_bins))
    np.add.at(off, (said.rows, place), said.probabilities - said.right)
    per_row = np.bincount(said.rows, minlength=said.n_rows)
    columns = np.column_stack([off, per_row, *said.losses.values()])
    whole = _figures(columns.sum(axis=0, keepdims=True), n_bins)
    width = columns.shape[1]
    blocks = drawn_rows(said.n_rows, seed=seed, resamples=RESAMPLES, width=width)
    drawn = np.concatenate([_figures(counts @ columns, n_bins) for counts in blocks])
    drawn = np.where(np.isfinite(drawn), drawn, whole)
    gap, _, *losses = (
        MetricValue(float(value), interval_of(resampled), None)
        for value, resampled in zip(whole[0], drawn.T, strict=True)
    )
    by_chance = _by_chance(said.probabilities, place, seed=seed)
    return Reliability(
        answers=n_answers,
        gap=gap,
        error=_unshifted(float(whole[0, 1]), drawn[:, 1], by_chance=by_chance),
        by_chance=by_chance,
        losses=dict(zip(said.losses, losses, strict=True)),
        bins=tuple(_bin(said, place == each) for each in range(n_bins)),
    )


def equal_bins(probabilities: _Values) -> NDArray[np.int64]:
    """Return the bin of each probability, ``[answers]``: quantiles, in which equal probabilities stay together."""
    n_bins = min(MOST_BINS, max(1, len(probabilities) // ROWS_A_BIN))
    edges = np.percentile(probabilities, np.linspace(0, 100, n_bins + 1))[1:-1]
    return np.unique(np.searchsorted(edges, probabilities), return_inverse=True)[1].astype(np.int64)


def _figures(sums: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """Return gap, calibration error and losses of sums over rows, ``[samples, 2 + losses]``."""
    off, answers = sums[:, :n_bins], sums[:, n_bins : n_bins + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        gap, error = off.sum(axis=1, keepdims=True) / answers, np.abs(off).sum(axis=1, keepdims=True) / answers
        return np.hstack([gap, error, sums[:, n_bins + 1 :] / answers])


def _unshifted(value: float, drawn: NDArray[np.float64], *, by_chance: float) -> MetricValue:
    """Return the error with its interval, moved by its bias on resamples."""
    low, high = interval_of(drawn - (drawn.mean() - value))
    return MetricValue(value, (0.0 if value <= by_chance else max(0.0, low), high), None)


def _by_chance(probabilities: _Values, place: NDArray[np.int64], *, seed: int) -> float:
    """Return the 95th percentile of the error if every answer were right with its probability.

    The sum of many such answers is normal.
    """
    spread = np.sqrt(np.bincount(place, weights=np.asarray(probabilities * (1 - probabilities), dtype=np.float64)))
    drawn = np.random.default_rng(seed).standard_normal((RESAMPLES, len(spread))) * spread
    return float(np.percentile(np.abs(drawn).sum(axis=1) / len(probabilities), 95))


def _bin(said: Said, chosen: NDArray[np.bool_]) -> Bin:
    n, right = int(chosen.sum()), int(said.right[chosen].sum())
    return Bin(n, float(said.probabilities[chosen].mean(dtype=np.float64)), share(right, n))
