"""Rows that a head learns from, and the trials on rows held back that choose its settings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from toolkit.names import Problem
from toolkit.training.head_scale import Scale

_FOLDS = 5


def loss_of(logits: Tensor, targets: Tensor, problem: Problem) -> Tensor:
    """What a head makes small: the negative log-likelihood, or the squared error; the mean over the rows.

    Args:
        logits: ``[rows, labels]``.
        targets: numbers of classes ``[rows]``; 0.0 or 1.0 for each class, or numbers, ``[rows, labels]``.
        problem: which of the three.

    Returns:
        One number; of several classes a text, or of several numbers, the sum over them.
    """
    if problem is Problem.SINGLE_LABEL:
        return cross_entropy(logits, targets)
    loss = binary_cross_entropy_with_logits if problem is Problem.MULTI_LABEL else mse_loss
    return loss(logits, targets) * logits.shape[1]


@dataclass(frozen=True, eq=False)
class Rows:
    """Features and what they shall give.

    Attributes:
        features: ``[rows, dim]``.
        targets: as `loss_of` takes them.
        problem: what the targets are.
        n_labels: outputs of a head.
    """

    features: Tensor
    targets: Tensor
    problem: Problem
    n_labels: int

    @classmethod
    def of(cls, features: NDArray[np.float32], labels: ArrayLike, *, problem: Problem, n_labels: int) -> Rows:
        """Rows with labels as data sets hold them; a class of -1 is unknown, and such rows are left out."""
        values = np.asarray(labels)
        if problem is Problem.SINGLE_LABEL:
            known = values >= 0
            return cls(torch.from_numpy(features[known]), torch.from_numpy(values[known]).long(), problem, n_labels)
        targets = torch.from_numpy(values.astype(np.float32)).reshape(len(features), n_labels)
        return cls(torch.from_numpy(features), targets, problem, n_labels)

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: Tensor) -> Rows:
        """Some of the rows, by number or by a mask."""
        return self.with_values(self.features[rows], self.targets[rows])

    def joined(self, other: Rows) -> Rows:
        """These rows and others behind them."""
        return self.with_values(torch.cat([self.features, other.features]), torch.cat([self.targets, other.targets]))

    def with_values(self, features: Tensor, targets: Tensor) -> Rows:
        """Other rows of the same problem."""
        return Rows(features, targets, self.problem, self.n_labels)

    def scaled(self, scale: Scale) -> Rows:
        """The same rows with features of mean 0 and spread 1."""
        return self.with_values(scale.apply(self.features), self.targets)

    def scale_of_answers(self) -> Scale:
        """Mean and spread of the targets where they are numbers; classes stay as they are."""
        if self.problem is Problem.REGRESSION:
            return Scale.of(self.targets)
        return Scale(torch.zeros(self.n_labels).double(), torch.ones(self.n_labels).double())

    def answering(self, scale: Scale) -> Rows:
        """The same rows with targets on the scale that `scale_of_answers` gave."""
        if self.problem is Problem.REGRESSION:
            return self.with_values(self.features, scale.apply(self.targets))
        return self


@dataclass(frozen=True, eq=False)
class Trial:
    """Rows to learn from and rows to choose by, both on the scale of the first."""

    learnt: Rows
    held: Rows

    @classmethod
    def of(cls, learnt: Rows, held: Rows) -> Trial:
        """A trial of rows with features as they are."""
        scale = Scale.of(learnt.features)
        return cls(learnt.scaled(scale), held.scaled(scale))

    def answering(self, scale: Scale) -> Trial:
        """The same rows with targets on another scale."""
        return Trial(self.learnt.answering(scale), self.held.answering(scale))


@dataclass(frozen=True)
class CurvePoint:
    """What one setting gave on rows that were held back.

    Attributes:
        setting: the penalty of a linear head, the epochs of a network.
        loss: as `loss_of` gives it.
    """

    setting: float
    loss: float


def folds(rows: Rows, *, seed: int) -> list[Trial]:
    """Hold back each row once; rows of a class are spread evenly over the trials.

    Args:
        rows: two or more.
        seed: decides which rows go together.
    """
    shuffled = torch.from_numpy(np.random.default_rng(seed).permutation(len(rows)))
    if rows.problem is Problem.SINGLE_LABEL:
        shuffled = shuffled[rows.targets[shuffled].argsort(stable=True)]
    n_folds = min(_FOLDS, len(rows))
    fold = torch.empty(len(rows), dtype=torch.long)
    fold[shuffled] = torch.arange(len(rows)) % n_folds
    return [Trial.of(rows.take(fold != number), rows.take(fold == number)) for number in range(n_folds)]
