"""How much frozen features tell about labels, without any training: what ranks models, and layers of a model.

- `h_score` (Bao et al. 2019, "An information-theoretic approach to transferability in task transfer learning"):
  ``tr(cov(f)^-1 cov(E[f | y]))``, the part of the features' spread that lies between the classes, whatever invertible
  linear map the features went through. From 0 to the number of classes less 1, which it reaches as soon as there
  are as many numbers as rows: then it says nothing.
- `shrunken_h_score` (Ibrahim et al. 2022, arXiv:2110.06893): the same with the covariance of Ledoit and Wolf, and
  ``1 - shrinkage`` in front; it can be trusted with few rows too. A few numbers that are far larger than the others, as
  the middle layers of language models have, lower it more than they should.
- `log_me` (You et al. 2021, arXiv:2102.11005): the evidence of a linear model, for classes, several labels and numbers.
- `knn_score`: how often the nearest other rows are right; no linear function is assumed.

More is better. Scores of different data, or of different rows, cannot be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.choose.measure.evidence import best_evidence
from toolkit.choose.measure.moments import Matrix, Moments
from toolkit.choose.measure.neighbours import nearest_rows, votes
from toolkit.evaluation.metrics.label_sets import compute_label_set_metrics
from toolkit.evaluation.metrics.numbers import compute_number_metrics
from toolkit.names import Problem

NEIGHBOURS = 5

Features = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class FeatureScores:
    """All scores of one layer's features.

    Attributes:
        h_score, shrunken_h_score: 0 to the number of classes less 1; None where the labels are no classes.
        log_me: nats a row; None where no label varies.
        knn: accuracy, micro F1 or Pearson correlation, by what the labels are; None where it is undefined.
    """

    h_score: float | None
    shrunken_h_score: float | None
    log_me: float | None
    knn: float | None


def h_score(features: Features, labels: ArrayLike) -> float:
    """The H-score; 0 where there is but one class, or nothing varies.

    Args:
        features: ``[rows, dim]``
        labels: numbers of classes, -1 for a row to leave out. ``[rows]``

    Raises:
        ValueError: the shapes do not agree, a number is not finite, or no row has a label.
    """
    rows = _Labelled.of(features, labels, Problem.SINGLE_LABEL)
    return Moments(rows.features).explained(rows.class_axes())


def shrunken_h_score(features: Features, labels: ArrayLike) -> float:
    """The H-score with a shrunken covariance; arguments, errors and what gives 0 as of `h_score`."""
    rows = _Labelled.of(features, labels, Problem.SINGLE_LABEL)
    return Moments(rows.features).shrunken_explained(rows.class_axes())


def log_me(features: Features, labels: ArrayLike, *, problem: Problem = Problem.SINGLE_LABEL) -> float | None:
    """The log of the maximum evidence for a row, the mean over the labels that vary.

    Args:
        features: ``[rows, dim]``
        labels: numbers of classes, -1 for a row to leave out ``[rows]``; 0 or 1 for each class ``[rows, labels]``;
            or numbers ``[rows]``.
        problem: what the labels are.

    Returns:
        None where no label varies.

    Raises:
        ValueError: as of `h_score`.
    """
    rows = _Labelled.of(features, labels, problem)
    return _log_me(Moments(rows.features), rows.targets)


def knn_score(
    features: Features,
    labels: ArrayLike,
    *,
    problem: Problem = Problem.SINGLE_LABEL,
    n_neighbours: int = NEIGHBOURS,
) -> float | None:
    """How well the nearest other rows tell a row's label; its time grows with the square of the rows.

    Args:
        features, labels, problem: as of `log_me`.
        n_neighbours: that are asked; of fewer other rows, all.

    Returns:
        Accuracy of the most frequent class, micro F1 of the labels that more than half have, or Pearson correlation
        with the mean; None where it is undefined.

    Raises:
        ValueError: as of `h_score`.
    """
    return _knn(_Labelled.of(features, labels, problem), n_neighbours)


def score_features(features: Features, labels: ArrayLike, *, problem: Problem = Problem.SINGLE_LABEL) -> FeatureScores:
    """All scores at once, from one product of matrices and one decomposition.

    Args:
        features, labels, problem: as of `log_me`.

    Raises:
        ValueError: as of `h_score`.
    """
    rows = _Labelled.of(features, labels, problem)
    moments = Moments(rows.features)
    classes = rows.class_axes() if problem is Problem.SINGLE_LABEL else None
    return FeatureScores(
        h_score=None if classes is None else moments.explained(classes),
        shrunken_h_score=None if classes is None else moments.shrunken_explained(classes),
        log_me=_log_me(moments, rows.targets),
        knn=_knn(rows, NEIGHBOURS),
    )


def score_layers(
    features: Features, labels: ArrayLike, *, layers: Sequence[int], problem: Problem = Problem.SINGLE_LABEL
) -> dict[int, FeatureScores]:
    """All scores of each layer.

    Args:
        features: of all layers end to end, as `toolkit.adapters.features.pooled_features` gives them.
            ``[rows, dim * layers]``
        labels, problem: as of `log_me`.
        layers: in the order of the features.

    Raises:
        ValueError: as of `h_score`, or the features cannot be divided into so many layers.
    """
    if features.ndim != 2 or not layers or features.shape[1] % len(layers):
        raise ValueError(f"features of the shape {list(features.shape)} are not those of {len(layers)} layers")
    parts = np.split(features, len(layers), axis=1)
    return {layer: score_features(part, labels, problem=problem) for layer, part in zip(layers, parts, strict=True)}


@dataclass(frozen=True, eq=False)
class _Labelled:
    """Rows that have a label.

    Attributes:
        features: ``[rows, dim]``
        targets: what a linear model is to give: 1 or 0 for each class that a row has, or the number.
            ``[rows, targets]``
        problem: what the labels are.
    """

    features: Features
    targets: Matrix
    problem: Problem

    @classmethod
    def of(cls, features: Features, labels: ArrayLike, problem: Problem) -> _Labelled:
        """Check them, and leave out the rows without a label."""
        values = np.asarray(labels)
        n_axes = 2 if problem is Problem.MULTI_LABEL else 1
        if features.ndim != 2 or values.ndim != n_axes or len(features) != len(values):
            shapes = f"features of the shape {list(features.shape)} and labels of the shape {list(values.shape)}"
            raise ValueError(f"{shapes} do not belong together")
        if problem is Problem.SINGLE_LABEL:
            known = values >= 0
            features = features[known]
            targets = np.equal.outer(values[known], np.unique(values[known])).astype(np.float64)
        else:
            targets = values.astype(np.float64).reshape(len(values), -1)
        if not len(targets) or not features.shape[1]:
            raise ValueError("there are no features of rows with a label")
        if not np.isfinite(features).all() or not np.isfinite(targets).all():
            raise ValueError("features or labels hold numbers that are not finite")
        return cls(features, targets, problem)

    def class_axes(self) -> Matrix:
        """The classes as columns of length 1, orthogonal to each other, ``[rows, classes]``."""
        return np.asarray(self.targets / np.sqrt(self.targets.sum(axis=0)))


def _log_me(moments: Moments, targets: Matrix) -> float | None:
    varied = targets[:, (targets != targets[0]).any(axis=0)]
    if not varied.size:
        return None
    values, squares = moments.spectrum(varied)
    totals = (varied**2).sum(axis=0)
    return float(best_evidence(values, squares, totals=totals, n_rows=moments.n_rows).mean())


def _knn(rows: _Labelled, n_neighbours: int) -> float | None:
    n_neighbours = min(n_neighbours, len(rows.targets) - 1)
    if n_neighbours < 1:
        return None
    nearest = nearest_rows(rows.features, n_neighbours)
    if rows.problem is Problem.SINGLE_LABEL:
        labels = rows.targets.argmax(axis=1)
        return float((votes(labels, nearest) == labels).mean())
    means = rows.targets[nearest].mean(axis=1)
    if rows.problem is Problem.MULTI_LABEL:
        given = compute_label_set_metrics(["f1_micro"], predictions=means > 0.5, references=rows.targets)
        return given["f1_micro"]
    return compute_number_metrics(["pearson"], predictions=means[:, 0], references=rows.targets[:, 0])["pearson"]
