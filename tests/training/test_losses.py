"""The losses of labels against torch's own, and their independence of how a batch is divided."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from toolkit.training.losses import ClassificationLoss, LabelSetLoss, SquaredErrorLoss, balanced_weights


def _logits(rows: int, labels: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, labels, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(st.integers(1, 20), st.integers(2, 6), st.integers(0, 1000), st.sampled_from([0.0, 0.1]))
def test_one_batch_is_the_mean_of_torch(rows: int, labels: int, seed: int, smoothing: float):
    logits = _logits(rows, labels, seed).float()
    targets = torch.arange(rows) % labels
    ours = ClassificationLoss(label_smoothing=smoothing)(SimpleNamespace(logits=logits), targets)
    torch.testing.assert_close(ours, cross_entropy(logits, targets, label_smoothing=smoothing))


def test_unequal_micro_batches_add_up_to_the_whole_with_weights():
    logits = _logits(7, 3, 1).float()
    targets = torch.tensor([0, 0, 1, 2, 0, 1, 0])
    loss = ClassificationLoss(class_weights=torch.tensor([0.5, 2.0, 3.0]))
    whole = loss(SimpleNamespace(logits=logits), targets)
    parts = [
        loss(SimpleNamespace(logits=logits[part]), targets[part], num_items_in_batch=torch.tensor(7))
        for part in (slice(0, 1), slice(1, 5), slice(5, 7))
    ]
    torch.testing.assert_close(sum(parts), whole)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_balanced_weights_are_those_of_scikit_learn(labels: list[int]):
    present = np.unique(labels)
    ours = balanced_weights(torch.tensor(labels), 5)
    theirs = compute_class_weight("balanced", classes=present, y=labels)
    np.testing.assert_allclose(ours[present].numpy(), theirs, rtol=1e-6)
    np.testing.assert_allclose(ours[labels].mean(), 1.0, rtol=1e-6)


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 1000))
def test_several_labels_and_numbers_are_the_means_of_torch(rows: int, labels: int, seed: int):
    logits = _logits(rows, labels, seed).float()
    sets = (_logits(rows, labels, seed + 1) > 0).float()
    ours = LabelSetLoss()(SimpleNamespace(logits=logits), sets)
    torch.testing.assert_close(ours, binary_cross_entropy_with_logits(logits, sets))
    numbers = _logits(rows, 1, seed + 2).float()
    ours = SquaredErrorLoss()(SimpleNamespace(logits=logits[:, :1]), numbers)
    torch.testing.assert_close(ours, mse_loss(logits[:, :1], numbers))


@pytest.mark.parametrize("loss", [LabelSetLoss(), SquaredErrorLoss()])
def test_unequal_micro_batches_of_labels_add_up_to_the_whole(loss):
    width = 3 if isinstance(loss, LabelSetLoss) else 1
    logits, labels = _logits(7, width, 1).float(), (_logits(7, width, 2) > 0).float()
    whole = loss(SimpleNamespace(logits=logits), labels)
    parts = [
        loss(SimpleNamespace(logits=logits[part]), labels[part], num_items_in_batch=torch.tensor(7 * width))
        for part in (slice(0, 1), slice(1, 5), slice(5, 7))
    ]
    torch.testing.assert_close(sum(parts), whole)
