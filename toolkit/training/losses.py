"""Losses that are the same however a batch is divided.

transformers 5.23 multiplies the gradient of most models by the number of accumulation steps and of ranks,
because a model's own mean over a micro-batch is taken for a mean over the batch (DESIGN.md 4.6, fact 1).
Here a loss is a *sum* over the micro-batch divided by the items of the whole batch, which `Trainer` counts
over accumulation steps and ranks. So 8 rows at once, 2 × 4 rows, and two ranks with 4 rows each give one gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from toolkit.transformer.cross_entropy import IGNORED, token_loss

Loss: TypeAlias = Callable[..., Tensor]
"""Of a micro-batch, as `Trainer` calls it: ``loss(outputs, labels, num_items_in_batch)``."""


class ClassificationLoss:
    """Cross entropy of single-label classification.

    Args:
        class_weights: ``[labels]``, a factor for each class, or None. Weighted rows are divided by the number
            of rows, not by the sum of weights: the latter would depend on the rows of a micro-batch.
        label_smoothing: share of the target that is spread over all classes (Szegedy et al. 2016).
    """

    def __init__(self, *, class_weights: Tensor | None = None, label_smoothing: float = 0.0) -> None:
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """The loss of a micro-batch as its share in the loss of the batch.

        Args:
            outputs: a model's output with ``logits [rows, labels]``.
            labels: ``[rows]``.
            num_items_in_batch: rows of the whole batch; None means that the micro-batch is the batch.
        """
        logits = outputs.logits.float()
        weights = None if self.class_weights is None else self.class_weights.to(logits)
        total = cross_entropy(logits, labels, weight=weights, reduction="sum", label_smoothing=self.label_smoothing)
        return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)


class LabelSetLoss:
    """Binary cross entropy of several labels a text, each a decision of its own."""

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """The loss of a micro-batch as its share in the loss of the batch, the mean over rows and labels.

        Args:
            outputs: a model's output with ``logits [rows, n_labels]``.
            labels: 1.0 or 0.0. ``[rows, n_labels]``
            num_items_in_batch: decisions of the whole batch, rows × labels, as `Trainer` counts them; None means
                that the micro-batch is the batch.
        """
        total = binary_cross_entropy_with_logits(outputs.logits.float(), labels.float(), reduction="sum")
        return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)


class SquaredErrorLoss:
    """Squared difference of a predicted number and the right one."""

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """The loss of a micro-batch as its share in the loss of the batch.

        Args:
            outputs: a model's output with ``logits [rows, 1]``.
            labels: ``[rows, 1]`` or ``[rows]``.
            num_items_in_batch: rows of the whole batch; None means that the micro-batch is the batch.
        """
        total = mse_loss(outputs.logits.float().flatten(), labels.float().flatten(), reduction="sum")
        return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)


class TokenLoss:
    """Cross entropy of predicted tokens: translation, language models, masked words.

    Args:
        label_smoothing: share of the target that is spread over the vocabulary (Vaswani et al. 2017, 5.4).
    """

    def __init__(self, *, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """The loss of a packed micro-batch as its share in the loss of the batch.

        Args:
            outputs: a model's output with ``logits [1, predicted tokens, vocabulary]``.
            labels: ``[1, tokens]``; those that are not -100 are the predicted ones, in the same order.
            num_items_in_batch: predicted tokens of the whole batch; None means that the micro-batch is the batch.
        """
        targets = labels[labels != IGNORED]
        return token_loss(
            outputs.logits.flatten(0, 1),  # no `[0]`: its gradient would be copied into zeros of all logits
            targets,
            label_smoothing=self.label_smoothing,
            num_items_in_batch=num_items_in_batch,
        )


def balanced_weights(labels: Tensor, n_labels: int) -> Tensor:
    """Weights ``[labels]`` that give every class the same total, ``rows / (classes × rows of the class)``.

    The formula of scikit-learn's ``class_weight="balanced"``; a class without rows gets weight 1. The mean
    weight over all rows is 1, so that the learning rate keeps its meaning.
    """
    counts = torch.bincount(labels, minlength=n_labels)
    present = counts > 0
    weights = torch.ones(n_labels)
    weights[present] = labels.numel() / (present.sum() * counts[present])
    return weights
