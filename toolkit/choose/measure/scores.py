"""Score how much frozen features say about labels, without any training: a ranking of models, and of their layers.

- `h_score` (Bao et al. 2019, "An information-theoretic approach to transferability in task transfer learning",
  https://doi.org/10.1109/ICIP.2019.8803726): ``tr(cov(f)^-1 cov(E[f | y]))``, the part of the features' variance that
  lies between the classes. No invertible linear map of the features changes it. It lies between 0 and the number of
  classes less 1. It reaches that bound as soon as there are as many features as examples, and then says nothing.
- `shrunken_h_score` (Ibrahim et al. 2022, https://arxiv.org/abs/2110.06893): the same with the covariance of Ledoit
  and Wolf, times ``1 - shrinkage``. It can be trusted with few examples too. A few features that are far larger than
  the others, as the middle layers of language models have, lower it more than they should.
- `log_me` (You et al. 2021, https://arxiv.org/abs/2102.11005): the evidence of a linear model, for every kind of label.
- `knn_score`: how often the nearest other examples are right, which assumes no linear function.

Higher is better. Scores of different data, or of different examples, cannot be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from toolkit.choose.measure.evidence import best_evidence
from toolkit.choose.measure.labelled import Features, Labelled, labelled, labelled_classes
from toolkit.choose.measure.moments import Matrix, Moments
from toolkit.choose.measure.neighbours import nearest_rows
from toolkit.names import Problem

NEIGHBOURS = 5


@dataclass(frozen=True)
class FeatureScores:
    """All scores of one layer's features.

    Attributes:
        h_score, shrunken_h_score: 0 to the number of classes less 1; None where labels are no classes.
        log_me: nats an example; None where no label varies.
        knn: accuracy, micro F1 or Pearson's correlation, by the kind of label; None where it is undefined.
    """

    h_score: float | None
    shrunken_h_score: float | None
    log_me: float | None
    knn: float | None


def h_score(features: Features, labels: ArrayLike) -> float:
    """Compute the H-score; 0 where there is only one class, or nothing varies.

    Args:
        features: ``[examples, dim]``
        labels: indices of classes, -1 for an example to leave out. ``[examples]``

    Raises:
        ValueError: the shapes do not agree, a number is not finite, or no example has a label.
    """
    rows = labelled_classes(features, labels)
    return Moments(rows.features).explained(rows.class_axes())


def shrunken_h_score(features: Features, labels: ArrayLike) -> float:
    """Compute the H-score with a shrunken covariance; arguments, errors and zeros as of `h_score`."""
    rows = labelled_classes(features, labels)
    return Moments(rows.features).shrunken_explained(rows.class_axes())


def log_me(features: Features, labels: ArrayLike, *, problem: Problem = Problem.SINGLE_LABEL) -> float | None:
    """Compute the log of the maximum evidence of an example, the mean over the labels that vary.

    Args:
        features: ``[examples, dim]``
        labels: indices of classes, -1 for an example to leave out ``[examples]``; 0 or 1 for each class
            ``[examples, labels]``; or numbers ``[examples]``.
        problem: the kind of label.

    Returns:
        None where no label varies.

    Raises:
        ValueError: as of `h_score`.
    """
    rows = labelled(features, labels, problem)
    return _log_me(Moments(rows.features), rows.targets)


def knn_score(
    features: Features,
    labels: ArrayLike,
    *,
    problem: Problem = Problem.SINGLE_LABEL,
    n_neighbours: int = NEIGHBOURS,
) -> float | None:
    """Compute how well the nearest other examples predict a label; the time is quadratic in the examples.

    Args:
        features, labels, problem: as of `log_me`.
        n_neighbours: to look at; all of them where there are fewer.

    Returns:
        Accuracy of the most frequent class, micro F1 of the labels that more than half have, or Pearson's correlation
        with the mean; None where it is undefined.

    Raises:
        ValueError: as of `h_score`.
    """
    return _knn(labelled(features, labels, problem), n_neighbours)


def score_features(features: Features, labels: ArrayLike, *, problem: Problem = Problem.SINGLE_LABEL) -> FeatureScores:
    """Compute all scores, from one matrix product and one decomposition.

    Args:
        features, labels, problem: as of `log_me`.

    Raises:
        ValueError: as of `h_score`.
    """
    rows = labelled(features, labels, problem)
    moments, axes = Moments(rows.features), rows.class_axes()
    return FeatureScores(
        h_score=None if axes is None else moments.explained(axes),
        shrunken_h_score=None if axes is None else moments.shrunken_explained(axes),
        log_me=_log_me(moments, rows.targets),
        knn=_knn(rows, NEIGHBOURS),
    )


def score_layers(
    features: Features, labels: ArrayLike, *, layers: Sequence[int], problem: Problem = Problem.SINGLE_LABEL
) -> dict[int, FeatureScores]:
    """Compute all scores of each layer.

    Args:
        features: of all layers, concatenated, as `toolkit.adapters.features.pooled_features` gives them.
            ``[examples, dim * layers]``
        labels, problem: as of `log_me`.
        layers: in the order of the features.

    Raises:
        ValueError: as of `h_score`, or the features cannot be divided into so many layers.
    """
    if features.ndim != 2 or not layers or features.shape[1] % len(layers):
        raise ValueError(f"features of the shape {list(features.shape)} are not those of {len(layers)} layers")
    parts = np.split(features, len(layers), axis=1)
    return {layer: score_features(part, labels, problem=problem) for layer, part in zip(layers, parts, strict=True)}


def _log_me(moments: Moments, targets: Matrix) -> float | None:
    varied = targets[:, (targets != targets[0]).any(axis=0)]
    if not varied.size:
        return None
    values, squares = moments.spectrum(varied)
    totals = (varied**2).sum(axis=0)
    return float(best_evidence(values, squares, totals=totals, n_rows=moments.n_rows).mean())


def _knn(rows: Labelled, n_neighbours: int) -> float | None:
    n_neighbours = min(n_neighbours, len(rows.targets) - 1)
    return None if n_neighbours < 1 else rows.agreement(nearest_rows(rows.features, n_neighbours))
