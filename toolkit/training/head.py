"""A head for frozen features: its settings are chosen on rows that it has not seen, then all rows fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn.functional import linear

from toolkit.names import Problem
from toolkit.training.head_linear import choose_penalty, fit_linear
from toolkit.training.head_mlp import choose_epochs, fit_mlp
from toolkit.training.head_scale import Scale
from toolkit.training.head_trials import CurvePoint, Rows, Trial, folds

__all__ = ["CurvePoint", "FittedHead", "fit_head"]


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A head for features as they are: the scaling that it was fitted with is part of its weights.

    Attributes:
        weight: of the last layer, ``[labels, dim]``, or ``[labels, hidden dim]`` behind a hidden layer.
        bias: ``[labels]``.
        hidden: weight ``[hidden dim, dim]`` and bias ``[hidden dim]`` of the hidden layer, which ReLU follows.
        regularisation: the penalty that was chosen, ``1 / C`` or ``alpha`` of scikit-learn; None for an mlp.
        n_epochs: the passes over the rows that were chosen; None for a linear head.
        curve: what was tried, in its order.
    """

    weight: Tensor
    bias: Tensor
    hidden: tuple[Tensor, Tensor] | None
    regularisation: float | None
    n_epochs: int | None
    curve: tuple[CurvePoint, ...]

    def logits(self, features: NDArray[np.float32]) -> Tensor:
        """What the head says to features ``[rows, dim]``: logits, or numbers, ``[rows, labels]``."""
        values = torch.from_numpy(features)
        if self.hidden is not None:
            values = linear(values, *self.hidden).relu()
        return linear(values, self.weight, self.bias)


def fit_head(
    features: NDArray[np.float32],
    labels: ArrayLike,
    *,
    problem: Problem,
    kind: Literal["linear", "mlp"],
    n_labels: int,
    seed: int,
    validation: tuple[NDArray[np.float32], ArrayLike] | None = None,
) -> FittedHead:
    """Fit a head: logistic or ridge regression, or a network with one hidden layer.

    How strong the regularisation is, or how long the network learns, is what gives the validation rows the least
    loss; without such rows it is chosen inside of the others: by cross-validation, for a network by its first fold.
    Then the head is fitted again on all rows.

    Args:
        features: ``[rows, dim]``.
        labels: numbers of classes ``[rows]``, -1 for a row to leave out; 0.0 or 1.0 for each class
            ``[rows, labels]``; or numbers ``[rows]``.
        problem: what the labels are.
        kind: of the head.
        n_labels: outputs of the head, 1 for a number.
        seed: decides the folds, and all that is random in a network.
        validation: features and labels of the rows that choose.

    Raises:
        ValueError: there are fewer than two rows to learn from.
    """
    rows = Rows.of(features, labels, problem=problem, n_labels=n_labels)
    if len(rows) < 2:
        raise ValueError(f"a head needs two labelled rows to learn from; found {len(rows)}")
    held = None if validation is None else Rows.of(*validation, problem=problem, n_labels=n_labels)
    trials = [Trial.of(rows, held)] if held is not None and len(held) else folds(rows, seed=seed)
    every = rows if held is None else rows.joined(held)
    fit = _linear if kind == "linear" else _mlp
    return fit(trials, every, seed)


def _linear(trials: list[Trial], rows: Rows, _seed: int) -> FittedHead:
    best, curve, start = choose_penalty(trials)
    scale = Scale.of(rows.features)
    head = fit_linear(rows.scaled(scale), penalty=best.setting, start=start)
    weight, bias = scale.fold(head[:, :-1], head[:, -1])
    return FittedHead(weight, bias, None, best.setting, None, tuple(curve))


def _mlp(trials: list[Trial], rows: Rows, seed: int) -> FittedHead:
    scale = Scale.of(rows.features)
    # A network begins with answers near 0 and takes small steps, so that numbers have to be on that scale too.
    answers = rows.scale_of_answers()
    best, curve = choose_epochs(trials[0].answering(answers), seed=seed)
    hidden, last = fit_mlp(rows.scaled(scale).answering(answers), n_epochs=int(best.setting), seed=seed)
    weight, bias = answers.undo(*last)
    return FittedHead(weight, bias, scale.fold(*hidden), None, int(best.setting), tuple(curve))
