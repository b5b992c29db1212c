"""Losses that do not depend on how a batch is divided.

transformers 5.23 multiplies the gradient of most models by the number of accumulation steps and of ranks, because it
takes a model's mean over a micro-batch for a mean over the batch (docs/design.md, section 4.6, fact 1). Here a loss is
a *sum* over the micro-batch divided by the items of the whole batch, which `Trainer` counts over accumulation steps and
ranks. So 8 rows at once, 2 × 4 rows, and two ranks with 4 rows each give the same gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from toolkit.data.targets import aligned
from toolkit.transformer.cross_entropy import token_loss

Loss: TypeAlias = Callable[..., Tensor]
"""Of a micro-batch, as `Trainer` calls it: ``loss(outputs, labels, num_items_in_batch)``."""


class ClassificationLoss:
    """Cross entropy of single-label classification.

    Args:
        class_weights: ``[labels]``, a factor for each class, or None. The weighted sum is divided by the number of
            examples. A division by the sum of weights would depend on the examples of a micro-batch.
        label_smoothing: share of the target that is spread over all classes (Szegedy et al. 2016, section 7,
            https://arxiv.org/abs/1512.00567).
    """

    def __init__(self, *, class_weights: Tensor | None = None, label_smoothing: float = 0.0) -> None:
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """Compute the share of a micro-batch in the loss of the batch, a mean over the examples.

        Args:
            outputs: a model's output with ``logits [examples, labels]``.
            labels: indices of classes, ``[examples]``.
            num_items_in_batch: examples of the whole batch; None: the micro-batch is the batch.
        """
        logits = outputs.logits.float()
        weights = None if self.class_weights is None else self.class_weights.to(logits)
        total = cross_entropy(logits, labels, weight=weights, reduction="sum", label_smoothing=self.label_smoothing)
        return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)


class LabelSetLoss:
    """Binary cross entropy of several labels an example, each a decision of its own."""

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """Compute the share of a micro-batch in the loss of the batch, a mean over the examples and labels.

        Args:
            outputs: a model's output with ``logits [examples, n_labels]``.
            labels: 1.0 or 0.0. ``[examples, n_labels]``
            num_items_in_batch: decisions of the whole batch, examples × labels, as `Trainer` counts them; None: the
                micro-batch is the batch.
        """
        total = binary_cross_entropy_with_logits(outputs.logits.float(), labels.float(), reduction="sum")
        return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)


class SquaredErrorLoss:
    """Squared difference of a predicted number and its target."""

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """Compute the share of a micro-batch in the loss of the batch, a mean over the examples.

        Args:
            outputs: a model's output with ``logits [examples, 1]``.
            labels: ``[examples, 1]`` or ``[examples]``.
            num_items_in_batch: examples of the whole batch; None: the micro-batch is the batch.
        """
        total = mse_loss(outputs.logits.float().flatten(), labels.float().flatten(), reduction="sum")
        return total / (labels.numel() if num_items_in_batch is None else num_items_in_batch)


class TokenLoss:
    """Cross entropy of predicted tokens: translation, language models, masked words.

    Args:
        label_smoothing: share of the target that is spread over the vocabulary (Vaswani et al. 2017, section 5.4,
            https://arxiv.org/abs/1706.03762).
        shifts: whether labels of padded rows stand at their own tokens, as those of decoders do.
    """

    def __init__(self, *, label_smoothing: float = 0.0, shifts: bool = False) -> None:
        self.label_smoothing = label_smoothing
        self.shifts = shifts

    def __call__(self, outputs: Any, labels: Tensor, num_items_in_batch: Tensor | int | None = None) -> Tensor:
        """Compute the share of a micro-batch in the loss of the batch, a mean over the predicted tokens.

        Args:
            outputs: a model's output with ``logits``, as `toolkit.data.targets.aligned` takes them.
            labels: -100 where nothing is predicted. ``[batch, length]``
            num_items_in_batch: predicted tokens of the whole batch; None: the micro-batch is the batch.
        """
        logits, targets = aligned(outputs.logits, labels, shifts=self.shifts)
        return token_loss(logits, targets, label_smoothing=self.label_smoothing, num_items_in_batch=num_items_in_batch)


def balanced_weights(labels: Tensor, n_labels: int) -> Tensor:
    """Compute weights ``[labels]`` that give every class the same total, ``examples / (classes × its examples)``.

    This is the formula of scikit-learn's ``class_weight="balanced"`` (King & Zeng 2001). A class without examples gets
    weight 1. The mean weight over all examples is 1, so that the learning rate keeps its meaning.
    """
    counts = torch.bincount(labels, minlength=n_labels)
    present = counts > 0
    weights = torch.ones(n_labels)
    weights[present] = labels.numel() / (present.sum() * counts[present])
    return weights
