"""Dropout (Srivastava et al. 2014) that is cheap on CPUs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_STEPS = 1 << 16  # of the probability: sixteen random bits a number


def dropout(states: Tensor, probability: float, *, training: bool) -> Tensor:
    """Set numbers to zero at random and scale up the others, in training only.

    torch's own draws a float a number on CPUs, one after the other, which was a tenth of a training step; here
    four numbers share the 64 bits of one draw, so that the probability is exact to 1/65,536. Other devices, and
    compiled code, take torch's own.

    Args:
        states: any shape.
        probability: of a zero.
        training: whether to drop at all.
    """
    if not training or probability == 0.0:
        return states
    if states.device.type != "cpu" or torch.compiler.is_compiling() or probability > 1 - 1 / _STEPS:
        return nn.functional.dropout(states, probability, training=True)
    dropped: Tensor = _Dropout.apply(states, probability)  # type: ignore[no-untyped-call]
    return dropped


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, states: Tensor, probability: float) -> Tensor:
        draws = torch.empty(-(-states.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        bits = draws.view(torch.int16)[: states.numel()].view(states.shape)
        kept = bits >= round(probability * _STEPS) - _STEPS // 2
        factor = kept.to(states.dtype).mul_(1 / (1 - probability))
        ctx.save_for_backward(factor)
        return states * factor

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors
        return gradient * factor, None
