"""Pooling: one vector for a text from the states of its tokens."""

from __future__ import annotations

import torch
from torch import Tensor


def pool(states: Tensor, attention_mask: Tensor | None, *, how: str) -> Tensor:
    """Pool the states of each text into one vector; padding on either side is left out.

    See Reimers & Gurevych 2019, section 3 (https://arxiv.org/abs/1908.10084).

    Args:
        states: of the tokens, ``[batch, length, dim]``.
        attention_mask: ``[batch, length]``, 0 where padded; None: nothing is padded.
        how: ``mean`` over the real tokens, summed in float32; ``cls``, the first of them; ``last``, the last of
            them; ``max``, the maximum of each dimension.

    Returns:
        ``[batch, dim]``.

    Raises:
        ValueError: for another pooling.
    """
    if attention_mask is None:
        attention_mask = torch.ones(states.shape[:2], dtype=torch.long, device=states.device)
    real = attention_mask != 0
    if how == "mean":
        sums = (states * real[..., None]).sum(dim=1, dtype=torch.promote_types(states.dtype, torch.float32))
        return (sums / real.sum(dim=-1).clamp(min=1)[:, None]).to(states.dtype)
    if how == "max":
        return states.masked_fill(~real[..., None], torch.finfo(states.dtype).min).amax(dim=1)
    if how not in ("cls", "last"):
        raise ValueError(f"there is no pooling {how!r}; one of cls, last, max, mean")
    index = torch.arange(states.shape[1], device=states.device)
    # argmax returns the first maximum: the first 1 for `cls`, the largest index of a real token for `last`
    chosen = (real.long() if how == "cls" else real * index).argmax(dim=-1)
    return states[torch.arange(states.shape[0], device=states.device), chosen]
