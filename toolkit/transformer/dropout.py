"""Dropout (Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html) that is cheap on CPUs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_STEPS = 1 << 16  # resolution of the probability: sixteen random bits an element


def dropout(states: Tensor, probability: float, *, training: bool) -> Tensor:
    """Set elements to zero at random and scale up the others, in training only.

    On CPUs torch draws a float for each element, one after the other, which took a tenth of a training step. Here four
    elements share the 64 bits of one draw, so the probability is exact to 1/65,536. Other devices and compiled code
    use torch's function.

    Args:
        states: any shape.
        probability: of setting an element to zero.
        training: False returns `states` unchanged.
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
