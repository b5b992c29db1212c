"""Several sequences behind each other in one row, each seeing only itself: no work on padding.

Everything but attention treats tokens one by one and does not care where a sequence ends. Attention does:
here the tokens of a packed row are laid out as a padded batch for the moment of attention alone, and put back
afterwards. Kernels for packed rows (flash attention) read the same ``cu_seq_lens`` and need none of this.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor


class PackedSide(NamedTuple):
    """How the sequences of one packed row lie in a padded batch.

    Attributes:
        source: for each place of the padded batch its token in the row; padding repeats a token of its
            sequence. ``[rows × longest]``
        place: for each token of the row its place in the padded batch. ``[tokens]``
        mask: True for real tokens. ``[rows, longest]``
        position_ids: of each token in its own sequence. ``[1, tokens]``
    """

    source: Tensor
    place: Tensor
    mask: Tensor
    position_ids: Tensor

    @classmethod
    def of(cls, cumulative_lengths: Tensor, longest: int, n_tokens: int) -> PackedSide:
        """From where each sequence ends.

        Args:
            cumulative_lengths: 0, then the end of each sequence. ``[rows + 1]``
            longest: tokens of the longest sequence.
            n_tokens: tokens of all.
        """
        ends = cumulative_lengths.long()
        starts, lengths = ends[:-1], ends.diff()
        column = torch.arange(longest, device=ends.device)
        mask = column < lengths[:, None]
        source = starts[:, None] + torch.minimum(column, (lengths - 1).clamp(min=0)[:, None])
        token = torch.arange(n_tokens, device=ends.device)
        row = torch.searchsorted(ends, token, right=True) - 1
        position = token - starts[row]
        return cls(source.flatten(), row * longest + position, mask, position[None, :])

    def padded(self, states: Tensor) -> Tensor:
        """``[1, tokens, width]`` as ``[rows, longest, width]``."""
        spread: Tensor = _Rearrange.apply(states[0], self.source, self.place)  # type: ignore[no-untyped-call]
        return spread.view(*self.mask.shape, states.shape[-1])

    def packed(self, states: Tensor) -> Tensor:
        """``[rows, longest, width]`` as ``[1, tokens, width]``."""
        flat = states.reshape(-1, states.shape[-1])
        gathered: Tensor = _Gather.apply(flat, self.place)  # type: ignore[no-untyped-call]
        return gathered[None]


class Packing(NamedTuple):
    """Both sides of an attention over packed rows; the same side twice where tokens attend to their own row."""

    queries: PackedSide
    keys: PackedSide


def packed_side(packed_row: dict[str, Any], which: Literal["q", "k"], n_tokens: int) -> PackedSide | None:
    """One side of what ``cu_seq_lens_q`` and ``cu_seq_lens_k`` describe; None for padded batches.

    Args:
        packed_row: the keyword arguments of a forward call.
        which: the side.
        n_tokens: tokens of its row.
    """
    ends = packed_row.get(f"cu_seq_lens_{which}")
    return None if ends is None else PackedSide.of(ends, int(packed_row[f"max_length_{which}"]), n_tokens)


def both_sides(packed_row: dict[str, Any], which: Literal["q", "k"]) -> dict[str, Any]:
    """The arguments of a packed row for tokens that attend to their own row."""
    ends, longest = packed_row[f"cu_seq_lens_{which}"], packed_row[f"max_length_{which}"]
    return {"cu_seq_lens_q": ends, "cu_seq_lens_k": ends, "max_length_q": longest, "max_length_k": longest}


def pack_padded(states: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Any]]:
    """The real tokens of a padded batch as a packed row, and the arguments that tell its sequences apart.

    Args:
        states: ``[batch, length, width]``.
        mask: True for real tokens, one or more in each sequence. ``[batch, length]``

    Returns:
        ``[1, tokens, width]``, and ``cu_seq_lens_k`` and ``max_length_k``.
    """
    lengths = mask.sum(dim=1)
    ends = torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).to(torch.int32)
    return states[mask][None], {"cu_seq_lens_k": ends, "max_length_k": int(lengths.max())}


def unpack(states: Tensor, mask: Tensor) -> Tensor:
    """The opposite of `pack_padded`: ``[1, tokens, width]`` as ``[batch, length, width]``, zeros for padding."""
    padded = states.new_zeros(*mask.shape, states.shape[-1])
    padded[mask] = states[0]
    return padded


class _Rearrange(torch.autograd.Function):
    """Spread tokens over the places of a padded batch.

    Padding takes no part in any result, so that the gradient of a token is that of its one real place; the
    general gradient of indexing would add up all of them, which is many times slower.
    """

    @staticmethod
    def forward(ctx: Any, tokens: Tensor, source: Tensor, place: Tensor) -> Tensor:
        ctx.save_for_backward(place)
        return tokens.index_select(0, source)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (place,) = ctx.saved_tensors
        return gradient.index_select(0, place), None, None


class _Gather(torch.autograd.Function):
    """Collect tokens from their places in a padded batch; each is taken once, so that gradients are copied back."""

    @staticmethod
    def forward(ctx: Any, padded: Tensor, place: Tensor) -> Tensor:
        ctx.save_for_backward(place)
        ctx.n_places = padded.shape[0]
        return padded.index_select(0, place)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (place,) = ctx.saved_tensors
        spread = gradient.new_zeros(ctx.n_places, gradient.shape[1])
        spread[place] = gradient
        return spread, None
