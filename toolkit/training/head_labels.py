"""The kinds of labels that a head learns: one class, a set of labels, or numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from toolkit.names import Problem
from toolkit.training.head_scale import Scale


class LabelKind(ABC):
    """What a head has to know about its labels. The defaults are those of labels with a value a output."""

    is_least_squares = False
    """True if ridge regression gives the best linear head in closed form."""

    def known(self, labels: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Return which examples have a label to learn from, ``[examples]``."""
        return np.ones(len(labels), dtype=bool)

    def targets(self, labels: NDArray[np.generic], n_labels: int) -> Tensor:
        """Return the targets of the loss, ``[examples, labels]`` in float32.

        Args:
            labels: as data sets hold them, ``[examples]`` or ``[examples, labels]``; all of them known.
            n_labels: outputs of the head.
        """
        return torch.from_numpy(labels.astype(np.float32)).reshape(len(labels), n_labels)

    @abstractmethod
    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, a mean over the examples of the sum over their labels.

        Args:
            logits: ``[examples, labels]``.
            targets: as `targets` gives them.
        """

    def target_scale(self, targets: Tensor, n_labels: int) -> Scale:
        """Return the scale on which a network learns the targets; labels that are no numbers keep theirs."""
        return Scale(torch.zeros(n_labels).double(), torch.ones(n_labels).double())

    def scaled(self, targets: Tensor, scale: Scale) -> Tensor:
        """Bring targets to the scale that `target_scale` gave."""
        return targets

    def dealt(self, order: Tensor, targets: Tensor) -> Tensor:
        """Return the order in which examples are dealt to the folds.

        Args:
            order: a random order of the examples, ``[examples]``.
            targets: as `targets` gives them.
        """
        return order


class ClassLabel(LabelKind):
    """One class an example, by its index; -1 is a class that training does not have."""

    def known(self, labels: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Return which examples have a class that training has, ``[examples]``."""
        return np.asarray(np.greater_equal(labels, 0))

    def targets(self, labels: NDArray[np.generic], n_labels: int) -> Tensor:
        """Return the indices of the classes, ``[examples]`` in int64."""
        return torch.from_numpy(labels).long()

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross entropy in nats."""
        return cross_entropy(logits, targets)

    def dealt(self, order: Tensor, targets: Tensor) -> Tensor:
        """Return the random order sorted by class, so that each fold gets its share of every class."""
        return order[targets[order].argsort(stable=True)]


class LabelSet(LabelKind):
    """Several labels an example, 1.0 for each that it has and 0.0 for the others."""

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the binary cross entropy in nats, summed over the labels."""
        return binary_cross_entropy_with_logits(logits, targets) * logits.shape[1]


class Numbers(LabelKind):
    """One number or several an example."""

    is_least_squares = True

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the squared error, summed over the numbers."""
        return mse_loss(logits, targets) * logits.shape[1]

    def target_scale(self, targets: Tensor, n_labels: int) -> Scale:
        """Return the mean and the spread of the targets."""
        return Scale.of(targets)

    def scaled(self, targets: Tensor, scale: Scale) -> Tensor:
        """Bring targets to mean 0 and spread 1."""
        return scale.apply(targets)


LABEL_KINDS: dict[Problem, LabelKind] = {
    Problem.SINGLE_LABEL: ClassLabel(),
    Problem.MULTI_LABEL: LabelSet(),
    Problem.REGRESSION: Numbers(),
}
