"""A head for frozen features: its settings are chosen on held-out examples, then it is fitted to all examples."""

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
from toolkit.training.head_trials import CurvePoint, Examples, Trial, folds

__all__ = ["CurvePoint", "FittedHead", "fit_head"]


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A head for unscaled features: the scaling that it was fitted with is part of its weights.

    Attributes:
        weight: of the last layer, ``[labels, dim]``, or ``[labels, hidden dim]`` behind a hidden layer.
        bias: ``[labels]``.
        hidden: weight ``[hidden dim, dim]`` and bias ``[hidden dim]`` of the hidden layer, which ReLU follows.
        regularisation: the penalty that was chosen, ``1 / C`` or ``alpha`` of scikit-learn; None for an mlp.
        n_epochs: the passes over the examples that were chosen; None for a linear head.
        curve: the settings that were compared, in their order.
    """

    weight: Tensor
    bias: Tensor
    hidden: tuple[Tensor, Tensor] | None
    regularisation: float | None
    n_epochs: int | None
    curve: tuple[CurvePoint, ...]

    def logits(self, features: NDArray[np.float32]) -> Tensor:
        """Return the logits, or the predicted numbers, ``[examples, labels]``.

        Args:
            features: ``[examples, dim]``.
        """
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
    refit: bool = True,
) -> FittedHead:
    """Fit a head: logistic or ridge regression, or a network with one hidden layer.

    The strength of the regularisation, or the epochs of the network, are those of least loss on the validation
    examples. Without such examples cross-validation chooses them; a network uses the first fold alone. Then the head
    is fitted again to all examples, or to those that are not held out.

    Args:
        features: ``[examples, dim]``.
        labels: indices of classes ``[examples]``, -1 for an example to leave out; 0.0 or 1.0 for each label
            ``[examples, labels]``; or numbers ``[examples]``.
        problem: what the labels are.
        kind: of the head.
        n_labels: outputs of the head, 1 for a number.
        seed: decides the folds, and all that is random in a network.
        validation: features and labels of the held-out examples.
        refit: whether the head learns from these too in the end; not where they shall choose something else.

    Raises:
        ValueError: if there are fewer than two examples to learn from.
    """
    examples = Examples.of(features, labels, problem=problem, n_labels=n_labels)
    if len(examples) < 2:
        raise ValueError(f"a head needs two labelled rows to learn from; found {len(examples)}")
    held_out = None if validation is None else Examples.of(*validation, problem=problem, n_labels=n_labels)
    trials = [Trial.of(examples, held_out)] if held_out is not None and len(held_out) else folds(examples, seed=seed)
    every = examples if held_out is None or not refit else examples.joined(held_out)
    fit = _linear if kind == "linear" else _mlp
    return fit(trials, every, seed)


def _linear(trials: list[Trial], examples: Examples, _seed: int) -> FittedHead:
    best, curve, start = choose_penalty(trials)
    scale = Scale.of(examples.features)
    head = fit_linear(examples.with_scaled_features(scale), penalty=best.setting, start=start)
    weight, bias = scale.fold(head[:, :-1], head[:, -1])
    return FittedHead(weight, bias, None, best.setting, None, tuple(curve))


def _mlp(trials: list[Trial], examples: Examples, seed: int) -> FittedHead:
    scale = Scale.of(examples.features)
    # A network begins with outputs near 0 and takes small steps, so that numbers have to be on that scale too.
    target_scale = examples.target_scale()
    best, curve = choose_epochs(trials[0].with_scaled_targets(target_scale), seed=seed)
    scaled = examples.with_scaled_features(scale).with_scaled_targets(target_scale)
    hidden, last = fit_mlp(scaled, n_epochs=int(best.setting), seed=seed)
    weight, bias = target_scale.undo(*last)
    return FittedHead(weight, bias, scale.fold(*hidden), None, int(best.setting), tuple(curve))
