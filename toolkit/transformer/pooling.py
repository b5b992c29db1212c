"""Where the sequences of a batch begin and end, and one vector for each."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Sequences(NamedTuple):
    """The sequences of a padded batch or of a packed row.

    Attributes:
        mask: ``[batch, length]``, 0 where padded, on either side; None: nothing is padded.
        ends: of a packed row 0, then the end of each sequence, ``[rows + 1]``; None for padded batches.
    """

    mask: Tensor | None
    ends: Tensor | None

    def begins(self, tokens: Tensor) -> Tensor:
        """Mark the first token of each sequence.

        Args:
            tokens: ``[batch, length]`` or ``[batch, length, hidden]``; only the shape and the device are read.

        Returns:
            ``[batch, length]``, True at the first tokens.
        """
        index = torch.arange(tokens.shape[1], device=tokens.device).expand(tokens.shape[:2])
        if self.ends is not None:
            return torch.isin(index, self.ends[:-1])
        if self.mask is None:
            return index == 0
        return (self.mask != 0) & (self.mask.long().cumsum(dim=-1) == 1)

    def pooled(self, states: Tensor, how: str) -> Tensor:
        """Pool the states of each sequence into one vector.

        Args:
            states: ``[batch, length, hidden]``.
            how: ``mean``, ``cls`` (the first token), ``last`` or ``max``.

        Returns:
            ``[batch, hidden]``; of a packed row ``[rows, hidden]``.

        Raises:
            ValueError: for another pooling.
        """
        pools = {"cls": self.first, "last": self.last, "max": self.max, "mean": self.mean}
        if how not in pools:
            raise ValueError(f"there is no pooling {how!r}; one of {', '.join(pools)}")
        return pools[how](states)

    def first(self, states: Tensor) -> Tensor:
        """Take the first real token of each sequence; shapes as in `pooled`."""
        if self.ends is not None:
            return states[0].index_select(0, self.ends[:-1].long())
        if self.mask is None:
            return states[:, 0]
        first = (self.mask != 0).long().argmax(dim=-1)
        return states[torch.arange(states.shape[0], device=states.device), first]

    def max(self, states: Tensor) -> Tensor:
        """Take the maximum of each dimension over the real tokens of each sequence; shapes as in `pooled`."""
        lowest = torch.finfo(states.dtype).min
        if self.ends is not None:
            lengths = self.ends.long().diff()
            row = torch.repeat_interleave(lengths, output_size=states.shape[1])
            return states.new_full((len(lengths), states.shape[-1]), lowest).index_reduce(0, row, states[0], "amax")
        if self.mask is not None:
            states = states.masked_fill((self.mask == 0)[..., None], lowest)
        return states.amax(dim=1)

    def mean(self, states: Tensor) -> Tensor:
        """Average the real tokens of each sequence, summed in float32; shapes as in `pooled`.

        See Reimers & Gurevych 2019, section 3 (https://arxiv.org/abs/1908.10084).
        """
        exact = torch.promote_types(states.dtype, torch.float32)
        if self.ends is not None:
            lengths = self.ends.long().diff()
            row = torch.repeat_interleave(lengths, output_size=states.shape[1])
            sums = states.new_zeros(len(lengths), states.shape[-1], dtype=exact)
            sums = sums.index_add(0, row, states[0].to(exact))
        elif self.mask is None:
            return states.mean(dim=1)
        else:
            real = self.mask != 0
            lengths = real.sum(dim=-1)
            sums = (states * real[..., None]).sum(dim=1, dtype=exact)
        return (sums / lengths.clamp(min=1)[:, None]).to(states.dtype)

    def last(self, states: Tensor) -> Tensor:
        """Take the last real token of each sequence; shapes as in `pooled`."""
        if self.ends is not None:
            return states[0].index_select(0, self.ends[1:].long() - 1)
        if self.mask is None:
            return states[:, -1]
        index = torch.arange(states.shape[1], device=states.device)
        last = ((self.mask != 0) * index).argmax(dim=-1)
        return states[torch.arange(states.shape[0], device=states.device), last]


ONE_A_ROW = Sequences(mask=None, ends=None)
"""Each row of a batch is one sequence, without padding."""
