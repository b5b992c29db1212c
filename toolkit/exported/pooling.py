"""One vector for a text from the vectors of its tokens."""

from __future__ import annotations

import torch
from torch import Tensor


def pool(states: Tensor, attention_mask: Tensor | None, *, how: str) -> Tensor:
    """One vector for each text; what is padding has no say, on whichever side it is.

    Args:
        states: of the tokens, ``[batch, length, dim]``.
        attention_mask: ``[batch, length]``, 0 where padded; None: nothing is padded.
        how: ``mean`` over the real tokens, summed in float32; ``cls``, the first of them; ``last``, the last of
            them; ``max``, the largest of each number.

    Returns:
        ``[batch, dim]``.

    Raises:
        ValueError: for another way.
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
    place = torch.arange(states.shape[1], device=states.device)
    # argmax gives the first of equals: of the ones for `cls`, of rising numbers for `last`
    chosen = (real.long() if how == "cls" else real * place).argmax(dim=-1)
    return states[torch.arange(states.shape[0], device=states.device), chosen]
