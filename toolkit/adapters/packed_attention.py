"""Attention of the library's decoders over packed rows, a sequence at a time.

The library tells packed sequences apart by a mask of all tokens by all tokens, whose size and time grow with the square
of a packed row. Here each sequence attends to itself alone, as if it was a batch of its own. Whatever is not a plain
packed row goes the way of the library's ``sdpa``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import causal_mask_function, sdpa_mask

from toolkit.transformer.packing import PackedSide

NAME = "sdpa_by_sequence"
"""Of this attention, as a model's ``set_attn_implementation`` takes it."""


@dataclass(frozen=True, eq=False)
class Sequences:
    """The sequences of a packed row, in place of its mask.

    Attributes:
        lengths: of each.
        side: lays them out as a padded batch; None on CPUs, where that is slower than one after the other.
    """

    lengths: list[int]
    side: PackedSide | None


def mask_of_sequences(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: int = 0,
    kv_offset: int = 0,
    mask_function: Callable[..., Any] = causal_mask_function,
    attention_mask: Tensor | None = None,
    local_size: int | None = None,
    **settings: Any,
) -> Sequences | Tensor | None:
    """Return the sequences of a packed row; of anything else the mask that the library's ``sdpa`` takes.

    Args:
        batch_size: rows.
        q_length, kv_length: queries and keys of each.
        q_offset, kv_offset: of their positions.
        mask_function: tells whether a query may attend to a key, by their indices.
        attention_mask: of padding, if any.
        local_size: the window of the attention; one that is shorter than a sequence needs the library's mask.
        settings: further arguments of the library's mask functions.
    """
    is_packed_row = (
        (batch_size, q_length, q_offset, kv_offset) == (1, kv_length, 0, 0)
        and attention_mask is None
        and settings.get("allow_is_causal_skip") is False
        and not settings.get("use_vmap", False)
    )
    if is_packed_row and q_length > 1:
        found = _sequences(mask_function, q_length, torch.device(settings.get("device", "cpu")))
        if local_size is None or max(found.lengths) <= local_size:
            return found
    mask: Tensor | None = sdpa_mask(
        batch_size=batch_size,
        q_length=q_length,
        kv_length=kv_length,
        q_offset=q_offset,
        kv_offset=kv_offset,
        mask_function=mask_function,
        attention_mask=attention_mask,
        local_size=local_size,
        **settings,
    )
    return mask


def attend_by_sequence(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Sequences | Tensor | None,
    **settings: Any,
) -> tuple[Tensor, None]:
    """Attend within each sequence of a packed row; without `Sequences` as the library's ``sdpa``.

    Args:
        module: the attention module.
        query, key, value: ``[batch, heads, length, head_dim]``; of a packed row the batch is 1.
        attention_mask: what `mask_of_sequences` gave.
        settings: of the library's attention functions.

    Returns:
        ``[batch, length, heads, head_dim]``, and no attention weights.
    """
    if not isinstance(attention_mask, Sequences):
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **settings)
        return output, None
    own = {**settings, "is_causal": True}
    if (side := attention_mask.side) is not None:
        queries, keys, values = (_laid_out(tensor, side) for tensor in (query, key, value))
        output, _ = sdpa_attention_forward(module, queries, keys, values, None, **own)
        packed = side.packed(output.flatten(2))
        return torch.unflatten(packed, 2, output.shape[2:]), None
    outputs = []
    for of_one in zip(*(torch.split(all_, attention_mask.lengths, 2) for all_ in (query, key, value)), strict=True):
        # In bfloat16 the gradient of attention takes several times as long on CPUs (docs/experiments.md).
        queries, keys, values = (states.float() for states in of_one)
        output, _ = sdpa_attention_forward(module, queries, keys, values, None, **own)
        outputs.append(output.to(query.dtype))
    return torch.cat(outputs, dim=1), None


def _sequences(mask_function: Callable[..., Any], length: int, device: torch.device) -> Sequences:
    """Find sequences: each begins with a token that may not attend to the one before it."""
    index = torch.arange(1, length, device=device)
    zero = torch.zeros_like(index)
    joined = mask_function(zero, zero, index, index - 1)
    starts = torch.cat([zero[:1], index[~joined], zero[:1] + length]).to(torch.int32)
    lengths = starts.diff().tolist()
    side = None if device.type == "cpu" else PackedSide.of(starts, max(lengths), length)
    return Sequences(lengths, side)


def _laid_out(states: Tensor, side: PackedSide) -> Tensor:
    """Lay out ``[1, heads, tokens, head_dim]`` as ``[sequences, heads, longest, head_dim]``."""
    rows = side.padded(states.transpose(1, 2).flatten(2))
    return torch.unflatten(rows, 2, (states.shape[1], states.shape[3])).transpose(1, 2)


AttentionInterface.register(NAME, attend_by_sequence)
AttentionMaskInterface.register(NAME, mask_of_sequences)
