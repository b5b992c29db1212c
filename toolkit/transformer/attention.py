"""Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2, https://arxiv.org/abs/1706.03762)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache, EncoderDecoderCache
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from .configuration import TransformerConfig
from .dropout import dropout as drop_out
from .packing import Packing
from .positions import rotate

SHORT_ON_CPU = 128 * 128
"""The number of scores a head up to which plain matrix products beat torch's fused attention on CPUs.

It was measured, see docs/experiments.md.
"""


class TransformerAttention(nn.Module):
    """Multi-head self-attention or cross-attention.

    With fewer key and value heads than query heads it is grouped-query attention (Ainslie et al. 2023,
    https://arxiv.org/abs/2305.13245).

    Args:
        config: of the model.
        layer_idx: index of the layer in its stack, for the cache.
        is_causal: True if a token attends only to itself and to those before it.
    """

    def __init__(self, config: TransformerConfig, layer_idx: int, *, is_causal: bool) -> None:
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.is_causal = is_causal
        self.head_dim = config.head_dim
        n_groups = config.num_key_value_heads or config.num_attention_heads
        self.num_key_value_groups = config.num_attention_heads // n_groups
        self.scaling = self.head_dim**-0.5
        key_value_width = n_groups * self.head_dim
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=config.bias)
        self.k_proj = nn.Linear(config.hidden_size, key_value_width, bias=config.bias)
        self.v_proj = nn.Linear(config.hidden_size, key_value_width, bias=config.bias)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=config.bias)

    def forward(
        self,
        hidden_states: Tensor,
        key_value_states: Tensor | None = None,
        *,
        attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        rotary: tuple[Tensor, Tensor] | None = None,
        packing: Packing | None = None,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend from queries to keys and values.

        Args:
            hidden_states: states that the queries are projected from, ``[batch, q_length, hidden]``.
            key_value_states: states that the keys and values are projected from, ``[batch, k_length, hidden]``; None:
                `hidden_states`. Beams that share a source have one row, ``[batch / beams, k_length, hidden]``.
            attention_mask: from the library's mask functions; of the padded batch if rows are packed.
            past_key_values: keys and values of earlier tokens, and of the encoder.
            rotary: cosines and sines that rotate queries and keys, see `rotate`.
            packing: the layout of packed rows; None for padded batches.
            kwargs: arguments of the attention function.

        Returns:
            ``[batch, q_length, hidden]``, and the attention weights ``[batch, heads, q_length, k_length]`` or None.
        """
        queries = self.q_proj(hidden_states)
        if packing is not None:
            queries = packing.queries.padded(queries)
        query = self._heads(queries)
        if rotary is not None:
            query = rotate(query, rotary)
        key, value = self._keys_and_values(hidden_states, key_value_states, past_key_values, rotary, packing)
        n_beams = query.shape[0] // max(key.shape[0], 1)
        if n_beams > 1:
            query, attention_mask = _beams_as_queries(query, attention_mask, n_beams)
        output, weights = self._function(query, key)(
            self,
            query,
            key,
            value,
            attention_mask,
            dropout=self.config.attention_dropout if self.training else 0.0,
            scaling=self.scaling,
            **kwargs,
        )
        if n_beams > 1:
            output, weights = _queries_as_beams(output, weights, n_beams)
        output = output.flatten(2)
        if packing is not None:
            output = packing.queries.packed(output)
        projected: Tensor = self.o_proj(output)
        return projected, weights

    def _heads(self, states: Tensor) -> Tensor:
        """Split ``[batch, length, width]`` into heads, ``[batch, heads, length, head_dim]``."""
        n_heads = states.shape[-1] // self.head_dim
        return states.view(*states.shape[:-1], n_heads, self.head_dim).transpose(1, 2)

    def _keys_and_values(
        self,
        hidden_states: Tensor,
        key_value_states: Tensor | None,
        past_key_values: Cache | None,
        rotary: tuple[Tensor, Tensor] | None,
        packing: Packing | None,
    ) -> tuple[Tensor, Tensor]:
        is_cross = key_value_states is not None
        cache = past_key_values
        if isinstance(past_key_values, EncoderDecoderCache):
            cache = past_key_values.cross_attention_cache if is_cross else past_key_values.self_attention_cache
            if is_cross and past_key_values.is_updated.get(self.layer_idx):
                layer: Any = cache.layers[self.layer_idx]
                return layer.keys, layer.values
        states = hidden_states if key_value_states is None else key_value_states
        keys, values = self.k_proj(states), self.v_proj(states)
        if packing is not None:
            keys, values = packing.keys.padded(keys), packing.keys.padded(values)
        key, value = self._heads(keys), self._heads(values)
        if rotary is not None:
            key = rotate(key, rotary)
        if cache is not None:
            key, value = cache.update(key, value, self.layer_idx)
            if is_cross and isinstance(past_key_values, EncoderDecoderCache):
                past_key_values.is_updated[self.layer_idx] = True
        return key, value

    def _function(self, query: Tensor, key: Tensor) -> Callable[..., tuple[Tensor, Tensor | None]]:
        implementation = self.config._attn_implementation
        if implementation == "sdpa" and query.device.type == "cpu" and query.shape[2] * key.shape[2] <= SHORT_ON_CPU:
            return eager_attention_forward
        function: Callable[..., tuple[Tensor, Tensor | None]] = ALL_ATTENTION_FUNCTIONS.get_interface(
            implementation, eager_attention_forward
        )
        return function


def _beams_as_queries(query: Tensor, attention_mask: Tensor | None, n_beams: int) -> tuple[Tensor, Tensor | None]:
    """Turn the beams of a source into further queries to the same keys, which are then kept once.

    Args:
        query: ``[sources × beams, heads, q_length, head_dim]``.
        attention_mask: of cross-attention, the same for all queries, ``[sources, 1, q_length, k_length]``.
        n_beams: beams of a source.

    Returns:
        ``[sources, heads, beams × q_length, head_dim]``, and the mask for as many queries.
    """
    query = query.view(-1, n_beams, *query.shape[1:]).transpose(1, 2).flatten(2, 3)
    if attention_mask is not None:
        attention_mask = attention_mask[:, :, :1].expand(-1, -1, query.shape[2], -1)
    return query, attention_mask


def _queries_as_beams(output: Tensor, weights: Tensor | None, n_beams: int) -> tuple[Tensor, Tensor | None]:
    """Undo `_beams_as_queries` in the output and in the attention weights.

    Args:
        output: ``[sources, beams × q_length, heads, head_dim]``.
        weights: ``[sources, heads, beams × q_length, k_length]``.
        n_beams: beams of a source.

    Returns:
        ``[sources × beams, q_length, heads, head_dim]`` and ``[sources × beams, heads, q_length, k_length]``.
    """
    output = torch.stack(output.chunk(n_beams, dim=1), dim=1).flatten(0, 1)
    if weights is not None:
        weights = torch.stack(weights.chunk(n_beams, dim=2), dim=1).flatten(0, 1)
    return output, weights


def eager_attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    dropout: float = 0.0,
    is_causal: bool | None = None,
    position_bias: Tensor | None = None,
    **kwargs: Any,  # noqa: ARG001, of other attention functions
) -> tuple[Tensor, Tensor]:
    """Compute softmax(QKᵀ / √d) V, equation 1 of Vaswani et al. 2017 (https://arxiv.org/abs/1706.03762).

    Args:
        module: the attention module; gives the number of query heads that share a key, and the default `is_causal`.
        query: ``[batch, heads, q_length, head_dim]``.
        key: ``[batch, key_value_heads, k_length, head_dim]``.
        value: as `key`.
        attention_mask: ``[batch, 1, q_length, k_length]``, True or 0 where a query may attend to a key, False or a
            very negative number where not. None: every key, or with `is_causal` every key up to the query; the
            library leaves the mask out like this if nothing is padded.
        scaling: factor of the scores, 1 / √d.
        dropout: probability of dropping an attention weight.
        is_causal: True if a query attends only to keys up to its own position; None: as the module says.
        position_bias: added to the scores, ``[1, heads, q_length, k_length]``.
        kwargs: arguments of other attention functions, ignored.

    Returns:
        ``[batch, q_length, heads, head_dim]`` and the attention weights ``[batch, heads, q_length, k_length]``.
    """
    groups = int(module.num_key_value_groups)  # type: ignore[arg-type]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    n_queries, n_keys = query.shape[2], key.shape[2]
    if attention_mask is None and n_queries > 1 and (module.is_causal if is_causal is None else is_causal):
        attention_mask = torch.ones(n_queries, n_keys, dtype=torch.bool, device=query.device).tril()
    scores = torch.matmul(query * scaling, key.transpose(2, 3))
    if position_bias is not None:
        scores = scores + position_bias
    if attention_mask is not None and attention_mask.dtype == torch.bool:
        scores = torch.where(attention_mask, scores, torch.finfo(scores.dtype).min)
    elif attention_mask is not None:
        scores = scores + attention_mask
    weights = scores.softmax(dim=-1, dtype=torch.promote_types(scores.dtype, torch.float32)).to(value.dtype)
    weights = drop_out(weights, dropout, training=module.training)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights
