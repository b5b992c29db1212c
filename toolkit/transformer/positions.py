"""Positions: sinusoidal, learned, rotary and ALiBi."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

WAVELENGTH_BASE = 10_000.0


def sinusoids(position_ids: Tensor, width: int) -> Tensor:
    """Compute sinusoidal positions, sines and cosines with wavelengths from 2π to 20,000π.

    See Vaswani et al. 2017, section 3.5 (https://arxiv.org/abs/1706.03762). The paper interleaves sines and cosines;
    here all sines come first, as in the authors' code and in Marian. The values are the same in another order, which
    makes no difference to a linear layer.

    Args:
        position_ids: ``[batch, length]``.
        width: of the states, even.

    Returns:
        ``[batch, length, width]``, float32.
    """
    angles = _angles(position_ids, width, WAVELENGTH_BASE)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def rotation(position_ids: Tensor, head_dim: int, *, base: float) -> tuple[Tensor, Tensor]:
    """Compute the cosines and sines by which `rotate` rotates queries and keys.

    See Su et al. 2021, equation 34 (https://arxiv.org/abs/2104.09864).

    Args:
        position_ids: ``[batch, length]``.
        head_dim: even.
        base: of the wavelengths.

    Returns:
        Cosines and sines, each ``[batch, 1, length, head_dim]`` in float32; both halves of `head_dim` are equal.
    """
    angles = _angles(position_ids, head_dim, base)
    angles = torch.cat([angles, angles], dim=-1)[:, None]
    return angles.cos(), angles.sin()


def rotate(states: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate each pair (i, i + head_dim / 2) of queries or keys by its angle.

    The dot product of a rotated query and a rotated key depends on the distance of their positions alone (Su et al.
    2021, equation 16, https://arxiv.org/abs/2104.09864).

    Args:
        states: ``[batch, heads, length, head_dim]``.
        rotary: from `rotation`.

    Returns:
        ``[batch, heads, length, head_dim]``.
    """
    cos, sin = rotary
    first, second = states.chunk(2, dim=-1)
    orthogonal = torch.cat([-second, first], dim=-1)
    return (states * cos + orthogonal * sin).to(states.dtype)


def alibi_bias(n_heads: int, queries: Tensor, keys: Tensor) -> Tensor:
    """Compute the ALiBi bias, which lowers the scores of attention in proportion to the distance.

    See Press et al. 2022 (https://arxiv.org/abs/2108.12409).

    Args:
        n_heads: heads of the queries.
        queries: positions of the queries, ``[q_length]``.
        keys: positions of the keys, ``[k_length]``.

    Returns:
        ``[1, heads, q_length, k_length]``, zero or negative, to be added to the scores.
    """
    distance = (queries[:, None] - keys[None, :]).abs()
    slopes = torch.tensor(alibi_slopes(n_heads), device=queries.device)
    return -slopes[None, :, None, None] * distance


def alibi_slopes(n_heads: int) -> list[float]:
    """Return the ALiBi slope of each head, a geometric sequence.

    See Press et al. 2022, section 3 (https://arxiv.org/abs/2108.12409). Between powers of two the further slopes are
    every second one of the next power, as in the authors' code.
    """
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = [2.0 ** (-8.0 * (head + 1) / power) for head in range(power)]
    extra = [2.0 ** (-4.0 * (head + 1) / power) for head in range(0, 2 * power, 2)]
    return slopes + extra[: n_heads - power]


def positions_of(attention_mask: Tensor | None, length: int, *, past: int | Tensor, device: torch.device) -> Tensor:
    """Compute the position of each new token; only real tokens count, so left and right padding give the same.

    Args:
        attention_mask: ``[batch, past + length]``, 0 where padded; None: nothing is padded.
        length: number of new tokens.
        past: number of tokens in the cache.
        device: of the result.

    Returns:
        ``[batch, length]``, or ``[1, length]`` if all rows are the same.
    """
    if attention_mask is None or attention_mask.ndim != 2:
        return torch.arange(length, device=device)[None, :] + past
    counted = attention_mask.long().cumsum(dim=-1) - 1
    return counted.clamp_(min=0)[:, -length:]


class LearnedPositions(nn.Embedding):
    """Learned positions (Gehring et al. 2017, https://arxiv.org/abs/1705.03122)."""

    def check_length(self, position_ids: Tensor, longest: int | Tensor) -> None:
        """Refuse a sequence that is longer than the table.

        Args:
            position_ids: any shape; read only if `longest`, which counts padding too, is too large.
            longest: columns of the batch, those in the cache included.

        Raises:
            ValueError: with the length of the sequence and that of the table.
        """
        if torch.compiler.is_compiling() or longest <= self.num_embeddings:
            return
        length = int(position_ids.max()) + 1
        if length > self.num_embeddings:
            raise ValueError(
                f"a sequence of {length} tokens is longer than the {self.num_embeddings} learned positions "
                "(max_position_embeddings); cut it, or choose position='rotary', 'sinusoidal' or 'alibi'"
            )


def _angles(position_ids: Tensor, width: int, base: float) -> Tensor:
    exponents = torch.arange(0, width, 2, dtype=torch.float32, device=position_ids.device) / width
    return position_ids[..., None].float() * base**-exponents
