"""How the order of tokens gets into a model that has no order of its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

WAVELENGTH_BASE = 10_000.0


def sinusoids(position_ids: Tensor, width: int) -> Tensor:
    """Sines and cosines of wavelengths from 2π to 20,000π (Vaswani et al. 2017, section 3.5).

    The paper writes sines and cosines in turns; here all sines come first, as in the authors' own code and in
    Marian: the same numbers in another order, which no linear layer can tell apart.

    Args:
        position_ids: ``[batch, length]``.
        width: even.

    Returns:
        ``[batch, length, width]``, float32.
    """
    angles = _angles(position_ids, width, WAVELENGTH_BASE)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def rotation(position_ids: Tensor, head_dim: int, *, base: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines by which `rotate` turns queries and keys (Su et al. 2021, equation 34).

    Args:
        position_ids: ``[batch, length]``.
        head_dim: even.
        base: of the wavelengths.

    Returns:
        Two of ``[batch, 1, length, head_dim]``, float32; each half of `head_dim` holds the same numbers.
    """
    angles = _angles(position_ids, head_dim, base)
    angles = torch.cat([angles, angles], dim=-1)[:, None]
    return angles.cos(), angles.sin()


def rotate(states: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair (i, i + head_dim / 2) of queries or keys by its angle.

    Two turned vectors have a product that depends on the distance of their positions alone.

    Args:
        states: ``[batch, heads, length, head_dim]``.
        rotary: from `rotation`.
    """
    cos, sin = rotary
    first, second = states.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return (states * cos + turned * sin).to(states.dtype)


def alibi_bias(n_heads: int, queries: Tensor, keys: Tensor) -> Tensor:
    """What attention loses with distance, more in some heads than in others (Press et al. 2022).

    Args:
        n_heads: heads of the queries.
        queries: positions, ``[q_length]``.
        keys: positions, ``[k_length]``.

    Returns:
        ``[1, heads, q_length, k_length]``, zero or negative, to be added to the scores.
    """
    distance = (queries[:, None] - keys[None, :]).abs()
    slopes = torch.tensor(alibi_slopes(n_heads), device=queries.device)
    return -slopes[None, :, None, None] * distance


def alibi_slopes(n_heads: int) -> list[float]:
    """The geometric sequence of the paper's section 3; between powers of two every second one of the next."""
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = [2.0 ** (-8.0 * (head + 1) / power) for head in range(power)]
    extra = [2.0 ** (-4.0 * (head + 1) / power) for head in range(0, 2 * power, 2)]
    return slopes + extra[: n_heads - power]


def positions_of(attention_mask: Tensor | None, length: int, *, past: int | Tensor, device: torch.device) -> Tensor:
    """The position of each new token, counting real tokens only, so that left and right padding agree.

    Args:
        attention_mask: ``[batch, past + length]``, 0 where padded; None: nothing is padded.
        length: new tokens.
        past: tokens in the cache.
        device: of the result.

    Returns:
        ``[batch, length]``, or ``[1, length]`` where all rows are alike.
    """
    if attention_mask is None or attention_mask.ndim != 2:
        return torch.arange(length, device=device)[None, :] + past
    counted = attention_mask.long().cumsum(dim=-1) - 1
    return counted.clamp_(min=0)[:, -length:]


class LearnedPositions(nn.Embedding):
    """A table of learned positions."""

    def check_length(self, position_ids: Tensor, longest: int | Tensor) -> None:
        """Refuse a sequence that the table has no rows for.

        Args:
            position_ids: any shape; looked at only where `longest` alone leaves a doubt, since padding counts there.
            longest: columns of the batch, those in the cache included.

        Raises:
            ValueError: with both numbers.
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
