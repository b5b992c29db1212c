"""The token loss against torch's own cross entropy: values and gradients, with all that may be ignored or smoothed."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy

from toolkit.transformer.cross_entropy import ROWS_AT_ONCE, token_loss


def logits_and_targets(rows: int, dtype: torch.dtype, *, vocabulary: int = 13, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    logits = (3 * torch.randn(rows, vocabulary, generator=generator, dtype=torch.float64)).to(dtype)
    targets = torch.randint(vocabulary, (rows,), generator=generator)
    return logits, targets.where(torch.arange(rows) % 3 != 1, -100)


def with_gradient(loss_of, logits: torch.Tensor):
    logits = logits.clone().requires_grad_()
    loss = loss_of(logits)
    (3 * loss).backward()
    return loss.detach(), logits.grad


@pytest.mark.parametrize("rows", [1, 2, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 5])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5), (torch.bfloat16, 1e-2)]
)
def test_it_is_that_of_torch(rows: int, smoothing: float, dtype: torch.dtype, tolerance: float):
    logits, targets = logits_and_targets(rows, dtype)
    before = logits.clone()
    loss, gradient = with_gradient(lambda x: token_loss(x, targets, label_smoothing=smoothing), logits)
    expected, expected_gradient = with_gradient(
        lambda x: cross_entropy(x.double(), targets, label_smoothing=smoothing), logits
    )
    assert gradient.dtype == dtype
    assert torch.equal(logits, before)
    torch.testing.assert_close(loss.double(), expected, atol=tolerance / 10, rtol=tolerance / 10)
    torch.testing.assert_close(gradient.double(), expected_gradient.double(), atol=tolerance, rtol=tolerance)
    assert (gradient[targets == -100] == 0).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradient_by_numbers(smoothing: float):
    logits, targets = logits_and_targets(5, torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: token_loss(x, targets, label_smoothing=smoothing, num_items_in_batch=7), logits.requires_grad_()
    )


def test_parts_of_a_batch_add_up():
    logits, targets = logits_and_targets(20, torch.float32)
    n_targets = int((targets != -100).sum())
    parts = [
        token_loss(logits[part], targets[part], num_items_in_batch=torch.tensor(n_targets))
        for part in (slice(0, 3), slice(3, 4), slice(4, 20))
    ]
    torch.testing.assert_close(sum(parts), cross_entropy(logits, targets))


def test_any_shape_and_any_integer():
    logits, targets = logits_and_targets(12, torch.float32)
    expected = token_loss(logits, targets)
    assert torch.equal(token_loss(logits.view(3, 4, 13), targets.view(3, 4)), expected)
    assert torch.equal(token_loss(logits, targets.to(torch.int32)), expected)


def test_large_logits_do_not_overflow():
    logits = torch.tensor([[2e4, -2e4, 0.0], [0.0, 3e4, 0.0]], requires_grad=True)
    loss = token_loss(logits, torch.tensor([1, 1]))
    loss.backward()
    assert loss.item() == 2e4
    assert logits.grad.tolist() == [[0.5, -0.5, 0.0], [0.0, 0.0, 0.0]]
