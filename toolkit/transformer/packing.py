"""Packed rows: several sequences one after the other in one row, each attending to itself alone.

Packing saves the work on padding. Everything but attention treats tokens one by one and does not care where a
sequence ends. For attention the tokens of a packed row are laid out as a padded batch, and packed again afterwards.
Kernels for packed rows (flash attention, Dao et al. 2022, https://arxiv.org/abs/2205.14135) read the same
``cu_seq_lens`` and need none of this.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor


class PackedSide(NamedTuple):
    """The indices that lay out the sequences of one packed row as a padded batch, and back.

    Attributes:
        token_index: for each cell of the padded batch the index of its token in the row; padding repeats a token of
            its sequence. ``[rows × longest]``
        cell_index: for each token of the row the index of its cell in the padded batch. ``[tokens]``
        mask: True for real tokens. ``[rows, longest]``
        position_ids: of each token in its own sequence. ``[1, tokens]``
    """

    token_index: Tensor
    cell_index: Tensor
    mask: Tensor
    position_ids: Tensor

    @classmethod
    def of(cls, cumulative_lengths: Tensor, longest: int, n_tokens: int) -> PackedSide:
        """Compute the indices from the ends of the sequences.

        Args:
            cumulative_lengths: 0, then the end of each sequence. ``[rows + 1]``
            longest: tokens of the longest sequence.
            n_tokens: tokens of all sequences.
        """
        ends = cumulative_lengths.long()
        starts, lengths = ends[:-1], ends.diff()
        column = torch.arange(longest, device=ends.device)
        mask = column < lengths[:, None]
        token_index = starts[:, None] + torch.minimum(column, (lengths - 1).clamp(min=0)[:, None])
        token = torch.arange(n_tokens, device=ends.device)
        row = torch.searchsorted(ends, token, right=True) - 1
        position = token - starts[row]
        return cls(token_index.flatten(), row * longest + position, mask, position[None, :])

    def padded(self, states: Tensor) -> Tensor:
        """Lay out ``[1, tokens, width]`` as ``[rows, longest, width]``."""
        padded: Tensor = _Spread.apply(states[0], self.token_index, self.cell_index)  # type: ignore[no-untyped-call]
        return padded.view(*self.mask.shape, states.shape[-1])

    def packed(self, states: Tensor) -> Tensor:
        """Pack ``[rows, longest, width]`` as ``[1, tokens, width]``."""
        flat = states.reshape(-1, states.shape[-1])
        gathered: Tensor = _Gather.apply(flat, self.cell_index)  # type: ignore[no-untyped-call]
        return gathered[None]


class Packing(NamedTuple):
    """The queries and the keys of an attention over packed rows; in self-attention both are the same side."""

    queries: PackedSide
    keys: PackedSide


def packed_side(packed_row: dict[str, Any], which: Literal["q", "k"], n_tokens: int) -> PackedSide | None:
    """Return the side that ``cu_seq_lens_q`` or ``cu_seq_lens_k`` describes; None for padded batches.

    Args:
        packed_row: the keyword arguments of a forward call.
        which: ``q`` for queries, ``k`` for keys.
        n_tokens: tokens of the row.
    """
    ends = packed_row.get(f"cu_seq_lens_{which}")
    return None if ends is None else PackedSide.of(ends, int(packed_row[f"max_length_{which}"]), n_tokens)


def both_sides(packed_row: dict[str, Any], which: Literal["q", "k"]) -> dict[str, Any]:
    """Return the arguments for self-attention of one side of a packed row.

    Args:
        packed_row: the keyword arguments of a forward call.
        which: the side that gives the queries and the keys.
    """
    ends, longest = packed_row[f"cu_seq_lens_{which}"], packed_row[f"max_length_{which}"]
    return {"cu_seq_lens_q": ends, "cu_seq_lens_k": ends, "max_length_q": longest, "max_length_k": longest}


def pack_padded(states: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Any]]:
    """Pack the real tokens of a padded batch into one row.

    Args:
        states: ``[batch, length, width]``.
        mask: True for real tokens, one or more in each sequence. ``[batch, length]``

    Returns:
        ``[1, tokens, width]``, and the arguments ``cu_seq_lens_k`` and ``max_length_k`` that tell its sequences apart.
    """
    lengths = mask.sum(dim=1)
    ends = torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).to(torch.int32)
    return states[mask][None], {"cu_seq_lens_k": ends, "max_length_k": int(lengths.max())}


def unpack(states: Tensor, mask: Tensor) -> Tensor:
    """Undo `pack_padded`: lay out ``[1, tokens, width]`` as ``[batch, length, width]``, with zeros for padding."""
    padded = states.new_zeros(*mask.shape, states.shape[-1])
    padded[mask] = states[0]
    return padded


class _Spread(torch.autograd.Function):
    """Copy tokens to the cells of a padded batch.

    Padding takes no part in any result, so the gradient of a token is that of its one real cell. The general gradient
    of indexing would sum over all cells, which is many times slower.
    """

    @staticmethod
    def forward(ctx: Any, tokens: Tensor, token_index: Tensor, cell_index: Tensor) -> Tensor:
        ctx.save_for_backward(cell_index)
        return tokens.index_select(0, token_index)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (cell_index,) = ctx.saved_tensors
        return gradient.index_select(0, cell_index), None, None


class _Gather(torch.autograd.Function):
    """Collect tokens from their cells in a padded batch; each is taken once, so gradients are copied back."""

    @staticmethod
    def forward(ctx: Any, padded: Tensor, cell_index: Tensor) -> Tensor:
        ctx.save_for_backward(cell_index)
        ctx.n_cells = padded.shape[0]
        return padded.index_select(0, cell_index)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (cell_index,) = ctx.saved_tensors
        spread = gradient.new_zeros(ctx.n_cells, gradient.shape[1])
        spread[cell_index] = gradient
        return spread, None
