"""The layers of the two stacks: attention and a feed-forward network, each with a residual connection and a norm."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from transformers.cache_utils import Cache
from transformers.modeling_layers import GradientCheckpointingLayer

from .attention import TransformerAttention
from .configuration import TransformerConfig
from .dropout import dropout

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": nn.functional.relu,
    "gelu": nn.functional.gelu,
    "swiglu": nn.functional.silu,
}


def make_norm(config: TransformerConfig) -> nn.Module:
    """Build the norm over the last dimension that the configuration names.

    LayerNorm (Ba et al. 2016, https://arxiv.org/abs/1607.06450) or RMSNorm (Zhang & Sennrich 2019,
    https://arxiv.org/abs/1910.07467).
    """
    if config.norm_type == "rmsnorm":
        return nn.RMSNorm(config.hidden_size, eps=config.norm_eps)
    return nn.LayerNorm(config.hidden_size, eps=config.norm_eps)


class FeedForward(nn.Module):
    """The position-wise feed-forward network of Vaswani et al. 2017, section 3.3 (https://arxiv.org/abs/1706.03762).

    With ``swiglu`` it has a gate (Shazeer 2020, https://arxiv.org/abs/2002.05202).
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.activation]
        self.dropout = config.activation_dropout
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.bias)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=config.bias)
        self.gate_proj = None
        if config.activation == "swiglu":
            self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.bias)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Transform each position by itself, ``[batch, length, hidden]`` to the same shape."""
        inner = self.up_proj(hidden_states)
        if self.gate_proj is None:
            inner = self.activation(inner)
        else:
            inner = self.activation(self.gate_proj(hidden_states)) * inner
        output: Tensor = self.down_proj(dropout(inner, self.dropout, training=self.training))
        return output


class Residual(nn.Module):
    """The residual connection around a sublayer, with dropout and the norm.

    ``post`` is norm(x + sublayer(x)), as in Vaswani et al. 2017, section 5.4 (https://arxiv.org/abs/1706.03762).
    ``pre`` is x + sublayer(norm(x)), as in Xiong et al. 2020 (https://arxiv.org/abs/2002.04745).
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = make_norm(config)
        self.is_pre = config.norm == "pre"
        self.dropout = config.dropout

    def forward(self, hidden_states: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        """Apply the sublayer and add its input, ``[batch, length, hidden]`` to the same shape."""
        output: Tensor = sublayer(self.norm(hidden_states) if self.is_pre else hidden_states)
        output = hidden_states + dropout(output, self.dropout, training=self.training)
        if not self.is_pre:
            output = self.norm(output)
        return output


class TransformerEncoderLayer(GradientCheckpointingLayer):
    """Bidirectional self-attention, then the feed-forward network."""

    def __init__(self, config: TransformerConfig, layer_idx: int) -> None:
        super().__init__()
        self.self_attention = TransformerAttention(config, layer_idx, is_causal=False)
        self.feed_forward = FeedForward(config)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(2))

    def forward(self, hidden_states: Tensor, **kwargs: Any) -> Tensor:
        """Apply the layer, ``[batch, length, hidden]`` to the same shape; `kwargs` are those of the attention."""
        # Functions and not modules: accelerate moves modules among arguments, before it has loaded weights from disk.
        hidden_states = self.residuals[0](hidden_states, lambda states: self.self_attention(states, **kwargs)[0])
        output: Tensor = self.residuals[1](hidden_states, lambda states: self.feed_forward(states))
        return output


class TransformerDecoderLayer(GradientCheckpointingLayer):
    """Causal self-attention, cross-attention if there is an encoder, and the feed-forward network."""

    def __init__(self, config: TransformerConfig, layer_idx: int) -> None:
        super().__init__()
        has_encoder = config.architecture == "encoder-decoder"
        self.self_attention = TransformerAttention(config, layer_idx, is_causal=True)
        self.cross_attention = TransformerAttention(config, layer_idx, is_causal=False) if has_encoder else None
        self.feed_forward = FeedForward(config)
        self.residuals = nn.ModuleList(Residual(config) for _ in range(3 if has_encoder else 2))

    def forward(
        self,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        *,
        past_key_values: Cache | None = None,
        cross: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Apply the layer.

        Args:
            hidden_states: ``[batch, length, hidden]``.
            encoder_hidden_states: ``[batch, source_length, hidden]``.
            past_key_values: keys and values of earlier tokens, and of the encoder.
            cross: arguments of the cross-attention alone: its mask and its packing.
            kwargs: arguments of `TransformerAttention`.

        Returns:
            ``[batch, length, hidden]``.
        """
        cache = {"past_key_values": past_key_values}
        hidden_states = self.residuals[0](
            hidden_states, lambda states: self.self_attention(states, **cache, **kwargs)[0]
        )
        attend = self.cross_attention
        if attend is not None:
            settings = {**kwargs, **_SELF_ATTENTION_ONLY, **(cross or {}), **cache}
            hidden_states = self.residuals[1](
                hidden_states, lambda states: attend(states, encoder_hidden_states, **settings)[0]
            )
        output: Tensor = self.residuals[-1](hidden_states, lambda states: self.feed_forward(states))
        return output


_SELF_ATTENTION_ONLY = {"rotary": None, "position_bias": None, "sliding_window": None}
"""Arguments that cross-attention does not get: a distance between a target and a source token has no meaning."""
