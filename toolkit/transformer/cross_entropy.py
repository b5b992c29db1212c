"""Cross entropy over a vocabulary; on CPUs without a float32 copy of all logits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

IGNORED = -100
ROWS_AT_ONCE = 64  # so that their logits fit a processor's cache


def token_loss(
    logits: Tensor,
    targets: Tensor,
    *,
    label_smoothing: float = 0.0,
    num_items_in_batch: Tensor | int | None = None,
) -> Tensor:
    """Compute the cross entropy in nats, summed in float32 or wider.

    Labels are smoothed as in Szegedy et al. 2016, section 7 (https://arxiv.org/abs/1512.00567).

    Args:
        logits: ``[..., vocabulary]``, in any floating type.
        targets: ``[...]``, `IGNORED` at positions without a target.
        label_smoothing: share of a target's probability that is spread over the vocabulary.
        num_items_in_batch: the divisor of the sum: the number of targets of the whole batch, over accumulation steps
            and ranks, so that no mean of means is taken; None: the number of targets here.

    Returns:
        A scalar.
    """
    flat, flat_targets = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1).to(logits.device, torch.long)
    if flat.device.type != "cpu" or torch.compiler.is_compiling():
        total = nn.functional.cross_entropy(
            flat.to(_wide(flat)), flat_targets, reduction="sum", ignore_index=IGNORED, label_smoothing=label_smoothing
        )
    else:
        total = _TokenLoss.apply(flat, flat_targets, label_smoothing)  # type: ignore[no-untyped-call]
    if num_items_in_batch is None:
        num_items_in_batch = (flat_targets != IGNORED).sum()
    return total / num_items_in_batch


class _TokenLoss(torch.autograd.Function):
    """Summed cross entropy whose backward pass recomputes the probabilities and keeps no copy of the logits.

    The gradient of a logit is its probability minus its target.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        known = targets != IGNORED
        on_target = targets.where(known, 0)[:, None]
        losses = logits.new_empty(logits.shape[0], dtype=_wide(logits))
        for start in range(0, logits.shape[0], ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            log_p = logits[rows].log_softmax(dim=-1, dtype=_wide(logits))
            losses[rows] = -log_p.gather(1, on_target[rows])[:, 0]
            if smoothing:
                losses[rows] = (1 - smoothing) * losses[rows] - smoothing * log_p.mean(dim=-1)
        ctx.save_for_backward(logits, known, on_target)
        ctx.smoothing = smoothing
        return losses.where(known, 0.0).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        logits, known, on_target = ctx.saved_tensors
        result = torch.empty_like(logits)
        for start in range(0, logits.shape[0], ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            block = logits[rows].softmax(dim=-1, dtype=_wide(logits))
            if ctx.smoothing:
                block.sub_(ctx.smoothing / logits.shape[1])
            block.scatter_add_(1, on_target[rows], block.new_full(on_target[rows].shape, ctx.smoothing - 1))
            result[rows] = block.mul_(gradient * known[rows, None])
        return result, None, None


def _wide(logits: Tensor) -> torch.dtype:
    """Return the type to sum in: float32, or the logits' own if that is wider."""
    return torch.promote_types(logits.dtype, torch.float32)
