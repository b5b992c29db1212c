"""Examples that a head learns from, and the trials on held-out examples that choose its settings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from toolkit.names import Problem
from toolkit.training.head_labels import LABEL_KINDS, LabelKind
from toolkit.training.head_scale import Scale

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Examples:
    """Features and their targets.

    Attributes:
        features: ``[examples, dim]``.
        targets: as `LabelKind.targets` gives them.
        kind: what the targets are.
        n_labels: outputs of a head.
    """

    features: Tensor
    targets: Tensor
    kind: LabelKind
    n_labels: int

    @classmethod
    def of(cls, features: NDArray[np.float32], labels: ArrayLike, *, problem: Problem, n_labels: int) -> Examples:
        """Make examples of labels as data sets hold them, without those whose label is unknown."""
        kind, values = LABEL_KINDS[problem], np.asarray(labels)
        known = kind.known(values)
        return cls(torch.from_numpy(features[known]), kind.targets(values[known], n_labels), kind, n_labels)

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, index: Tensor) -> Examples:
        """Select examples by their indices or by a mask."""
        return self._with(self.features[index], self.targets[index])

    def joined(self, other: Examples) -> Examples:
        """Append other examples."""
        return self._with(torch.cat([self.features, other.features]), torch.cat([self.targets, other.targets]))

    def with_scaled_features(self, scale: Scale) -> Examples:
        """Bring the features to mean 0 and spread 1."""
        return self._with(scale.apply(self.features), self.targets)

    def with_scaled_targets(self, scale: Scale) -> Examples:
        """Bring the targets to the scale that `target_scale` gave."""
        return self._with(self.features, self.kind.scaled(self.targets, scale))

    def target_scale(self) -> Scale:
        """Return the scale on which a network learns the targets; see `LabelKind.target_scale`."""
        return self.kind.target_scale(self.targets, self.n_labels)

    def loss(self, logits: Tensor) -> Tensor:
        """Return the loss of logits ``[examples, labels]``; see `LabelKind.loss`."""
        return self.kind.loss(logits, self.targets)

    def _with(self, features: Tensor, targets: Tensor) -> Examples:
        return Examples(features, targets, self.kind, self.n_labels)


@dataclass(frozen=True, eq=False)
class Trial:
    """Examples to learn from and examples to choose by, both on the scale of the first."""

    train: Examples
    held_out: Examples

    @classmethod
    def of(cls, train: Examples, held_out: Examples) -> Trial:
        """Make a trial of examples with unscaled features."""
        scale = Scale.of(train.features)
        return cls(train.with_scaled_features(scale), held_out.with_scaled_features(scale))

    def with_scaled_targets(self, scale: Scale) -> Trial:
        """Bring the targets of both to a scale."""
        return Trial(self.train.with_scaled_targets(scale), self.held_out.with_scaled_targets(scale))


@dataclass(frozen=True)
class CurvePoint:
    """The loss of one setting on held-out examples.

    Attributes:
        setting: the penalty of a linear head, the epochs of a network.
        loss: see `LabelKind.loss`.
    """

    setting: float
    loss: float


def folds(examples: Examples, *, seed: int) -> list[Trial]:
    """Hold out each example once; the arguments are those of `fold_of`."""
    fold = fold_of(examples, seed=seed)
    indices = range(int(fold.max()) + 1)
    return [Trial.of(examples.take(fold != index), examples.take(fold == index)) for index in indices]


def fold_of(examples: Examples, *, seed: int) -> Tensor:
    """Return the fold of each example, ``[examples]``; examples of a class are spread evenly over the folds.

    Args:
        examples: two or more.
        seed: decides which examples go together.
    """
    shuffled = torch.from_numpy(np.random.default_rng(seed).permutation(len(examples)))
    order = examples.kind.dealt(shuffled, examples.targets)
    fold = torch.empty(len(examples), dtype=torch.long)
    fold[order] = torch.arange(len(examples)) % min(_FOLDS, len(examples))
    return fold
