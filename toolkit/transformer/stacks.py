"""The two stacks: embeddings with positions, then layers with their attention masks."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import initialization as init
from transformers.cache_utils import Cache, DynamicCache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput, BaseModelOutputWithPastAndCrossAttentions
from transformers.utils.generic import merge_with_config_defaults
from transformers.utils.output_capturing import OutputRecorder, capture_outputs

from .attention import TransformerAttention
from .configuration import TransformerConfig
from .dropout import dropout
from .embeddings import ScaledEmbedding
from .layers import TransformerDecoderLayer, TransformerEncoderLayer, make_norm
from .layout import Layout
from .packing import pack_padded, unpack
from .positions import LearnedPositions, sinusoids
from .registration import auto_map


class TransformerPreTrainedModel(PreTrainedModel):
    """The base class of all our models: the initialisation of weights, and the features of the library it supports.

    Projections are initialised as in Glorot & Bengio 2010 (https://proceedings.mlr.press/v9/glorot10a.html).
    Embeddings that are scaled get a standard deviation of ``hidden_size ** -0.5``, so that they enter the first layer
    with a variance of 1 and the tied output layer begins with logits of that size. Others get ``initializer_range``.
    """

    config: TransformerConfig
    config_class = TransformerConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ["TransformerEncoderLayer", "TransformerDecoderLayer"]  # noqa: RUF012, the library's form
    _skip_keys_device_placement = ["past_key_values"]  # noqa: RUF012
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_compile_fullgraph = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight)
        elif isinstance(module, nn.Embedding) and self.config.scale_embeddings:
            init.normal_(module.weight, std=self.config.hidden_size**-0.5)

    def _resize_token_embeddings(
        self, new_num_tokens: int | None, pad_to_multiple_of: int | None = None, mean_resizing: bool = True
    ) -> nn.Embedding:
        """Resize the embeddings, also those of a decoder that does not share the encoder's."""
        resized: nn.Embedding = super()._resize_token_embeddings(new_num_tokens, pad_to_multiple_of, mean_resizing)
        decoder = getattr(self.base_model, "decoder", None)
        if decoder is not None and decoder.embed_tokens.num_embeddings != resized.num_embeddings:
            decoder.embed_tokens = self._get_resized_embeddings(
                decoder.embed_tokens, resized.num_embeddings, mean_resizing=mean_resizing
            )
        return resized

    def save_pretrained(self, save_directory: str | os.PathLike[str], *args: Any, **kwargs: Any) -> None:
        """Save the model as the library does, with the code of every model of this architecture.

        Args:
            save_directory: the folder.
            args, kwargs: arguments of the library's method.
        """
        if self.is_remote_code():
            self.config.auto_map = auto_map(self.config.architecture)
        super().save_pretrained(save_directory, *args, **kwargs)


class TransformerStack(TransformerPreTrainedModel):
    """The base class of encoder and decoder: embeddings with positions, the layers, and the last norm.

    Args:
        config: of the model.
        layers: of the stack.
    """

    def __init__(self, config: TransformerConfig, layers: list[nn.Module]) -> None:
        super().__init__(config)
        self.embed_tokens: nn.Embedding = ScaledEmbedding(config)
        self.embed_positions = None
        if config.position == "learned":
            self.embed_positions = LearnedPositions(config.max_position_embeddings, config.hidden_size)
        self.layers = nn.ModuleList(layers)
        self.norm = make_norm(config) if config.norm == "pre" else nn.Identity()
        self.gradient_checkpointing = False
        self.post_init()

    def embed(self, input_ids: Tensor | None, inputs_embeds: Tensor | None) -> Tensor:
        """Embed tokens, scaled, without their positions.

        Args:
            input_ids: ``[batch, length]``.
            inputs_embeds: ``[batch, length, hidden]``, instead of `input_ids`.

        Returns:
            ``[batch, length, hidden]``.

        Raises:
            ValueError: unless exactly one is given; for a token outside of the vocabulary (on CPUs; GPUs raise an
                error of their own).
        """
        if inputs_embeds is not None and input_ids is None:
            return inputs_embeds
        if inputs_embeds is not None or input_ids is None:
            raise ValueError("give either token ids or embeddings, not both and not neither")
        check_token_ids(input_ids, self.config.vocab_size)
        embeddings: Tensor = self.embed_tokens(input_ids)
        return embeddings

    def with_positions(self, embeddings: Tensor, layout: Layout) -> Tensor:
        """Add sinusoidal or learned positions to the embeddings, and apply dropout.

        See Vaswani et al. 2017, sections 3.5 and 5.4 (https://arxiv.org/abs/1706.03762).

        Args:
            embeddings: ``[batch, length, hidden]``.
            layout: of the tokens.

        Returns:
            ``[batch, length, hidden]``.

        Raises:
            ValueError: if a sequence is longer than the table of learned positions.
        """
        if self.config.position == "sinusoidal":
            positions = sinusoids(layout.position_ids, self.config.hidden_size)
            embeddings = embeddings + positions.to(embeddings.dtype)
        elif self.embed_positions is not None:
            self.embed_positions.check_length(layout.position_ids, layout.longest)
            embeddings = embeddings + self.embed_positions(layout.position_ids)
        device_type = embeddings.device.type
        if torch.is_autocast_enabled(device_type):
            # The residual stream in half precision too: converting it back and forth took a fifth of a step.
            embeddings = embeddings.to(torch.get_autocast_dtype(device_type))
        return dropout(embeddings, self.config.dropout, training=self.training)


class TransformerEncoder(TransformerStack):
    """The encoder: every token attends to every other of its sequence."""

    _can_record_outputs = {"hidden_states": TransformerEncoderLayer, "attentions": TransformerAttention}  # noqa: RUF012

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config, [TransformerEncoderLayer(config, index) for index in range(config.encoder_layers)])

    @merge_with_config_defaults
    @capture_outputs
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        position_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> BaseModelOutput:
        """Encode the tokens.

        Args:
            input_ids: ``[batch, length]``, or ``[1, tokens]`` of several sequences where `kwargs` holds
                ``cu_seq_lens_k`` and ``max_length_k``.
            attention_mask: ``[batch, length]``, 0 where padded.
            inputs_embeds: ``[batch, length, hidden]``, instead of `input_ids`.
            position_ids: ``[batch, length]``; None counts the tokens that are not padding.
            kwargs: of the attention function and of the library's recorder.

        Returns:
            An output with ``last_hidden_state [batch, length, hidden]``; without gradients the states of padding may
            be zeros.
        """
        embeddings = self.embed(input_ids, inputs_embeds)
        real = None
        if attention_mask is not None and position_ids is None and self._may_pack(attention_mask, kwargs):
            real, attention_mask = attention_mask.bool(), None
            embeddings, ends = pack_padded(embeddings, real)
            kwargs.update(ends)
        layout = Layout.of(
            self.config, embeddings, "k", kwargs, attention_mask=attention_mask, position_ids=position_ids
        )
        hidden_states = self.with_positions(embeddings, layout)
        settings = layout.attention_settings(self.config, kwargs, causal=False)
        for layer in self.layers:
            hidden_states = layer(hidden_states, **settings)
        hidden_states = self.norm(hidden_states)
        return BaseModelOutput(last_hidden_state=hidden_states if real is None else unpack(hidden_states, real))

    def _may_pack(self, attention_mask: Tensor, call: dict[str, Any]) -> bool:
        """Return True if a padded batch may be computed as a packed row: no gradient or inner state is wanted."""
        if torch.is_grad_enabled() or torch.compiler.is_compiling() or "cu_seq_lens_k" in call:
            return False
        inner = ("output_hidden_states", "output_attentions")
        if any(call.get(name) or getattr(self.config, name, False) for name in inner):
            return False
        lengths = attention_mask.count_nonzero(dim=-1)
        return bool((lengths > 0).all() and (lengths < attention_mask.shape[-1]).any())


class TransformerDecoder(TransformerStack):
    """The decoder: a token attends to those before it, and to all tokens of the encoder if there is one."""

    _can_record_outputs = {  # noqa: RUF012
        "hidden_states": TransformerDecoderLayer,
        "attentions": OutputRecorder(TransformerAttention, index=1, layer_name="self_attention"),
        "cross_attentions": OutputRecorder(TransformerAttention, index=1, layer_name="cross_attention"),
    }

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config, [TransformerDecoderLayer(config, index) for index in range(config.decoder_layers)])

    @merge_with_config_defaults
    @capture_outputs
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        encoder_attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        position_ids: Tensor | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        """Decode the tokens.

        Args:
            input_ids: ``[batch, length]`` new tokens, or ``[1, tokens]`` of several sequences where `kwargs`
                holds ``cu_seq_lens_q`` and ``max_length_q`` (and for the encoder's tokens both with ``_k``).
            attention_mask: ``[batch, past + length]``, 0 where padded.
            encoder_hidden_states: ``[batch, source_length, hidden]``.
            encoder_attention_mask: ``[batch, source_length]``, 0 where padded.
            past_key_values: keys and values of the tokens before.
            inputs_embeds: ``[batch, length, hidden]``, instead of `input_ids`.
            position_ids: ``[batch, length]``; None counts the tokens that are not padding.
            use_cache: return a cache with the new tokens in it.
            kwargs: of the attention function and of the library's recorder.

        Returns:
            An output with ``last_hidden_state [batch, length, hidden]`` and ``past_key_values``.

        Raises:
            ValueError: if the configuration has an encoder, but `encoder_hidden_states` is None.
        """
        if self.config.is_encoder_decoder and encoder_hidden_states is None:
            raise ValueError("the decoder of an encoder-decoder needs encoder_hidden_states")
        embeddings = self.embed(input_ids, inputs_embeds)
        use_cache = use_cache and "cu_seq_lens_q" not in kwargs
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache(config=self.config)
            if self.config.is_encoder_decoder:
                past_key_values = EncoderDecoderCache(past_key_values, DynamicCache())
        own = past_key_values
        if isinstance(past_key_values, EncoderDecoderCache):
            own = past_key_values.self_attention_cache
            attend_to_the_whole_source(past_key_values)
        layout = Layout.of(
            self.config, embeddings, "q", kwargs, attention_mask=attention_mask, position_ids=position_ids, cache=own
        )
        hidden_states = self.with_positions(embeddings, layout)
        settings = layout.attention_settings(self.config, kwargs, causal=True)
        if encoder_hidden_states is not None:
            settings["cross"] = layout.cross_settings(
                self.config, kwargs, encoder_hidden_states, encoder_attention_mask
            )
        for layer in self.layers:
            hidden_states = layer(
                hidden_states, encoder_hidden_states, past_key_values=past_key_values, use_cache=use_cache, **settings
            )
        return BaseModelOutputWithPastAndCrossAttentions(
            last_hidden_state=self.norm(hidden_states), past_key_values=past_key_values if use_cache else None
        )


def attend_to_the_whole_source(cache: EncoderDecoderCache) -> None:
    """Replace a cross-attention cache that would keep a sliding window of the encoder's keys alone.

    The library makes both caches from one configuration, whose window is meant for self-attention.
    """
    if any(cache.cross_attention_cache.is_sliding) and not any(cache.is_updated.values()):
        cache.cross_attention_cache = DynamicCache()


def check_token_ids(token_ids: Tensor, vocab_size: int, *, what: str = "token id", ignored: int | None = None) -> None:
    """Refuse ids outside of the vocabulary; checked on CPUs outside of compiled code, where it costs nothing.

    Args:
        token_ids: any shape.
        vocab_size: number of ids.
        what: the ids, in words.
        ignored: an id that stands for no token.

    Raises:
        ValueError: with the id and the size of the vocabulary.
    """
    if token_ids.device.type != "cpu" or torch.compiler.is_compiling():
        return
    if ignored is not None:
        token_ids = token_ids[token_ids != ignored]
    if token_ids.numel() == 0:
        return
    lowest, highest = (int(token) for token in token_ids.aminmax())
    if lowest < 0 or highest >= vocab_size:
        wrong = lowest if lowest < 0 else highest
        raise ValueError(f"{what} {wrong} is outside of the vocabulary, vocab_size={vocab_size}")
