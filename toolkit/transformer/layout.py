"""The layout of the tokens of a forward call, a padded batch or a packed row, and the masks that follow from it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import Cache
from transformers.masking_utils import (
    create_bidirectional_mask,
    create_bidirectional_sliding_window_mask,
    create_causal_mask,
    create_sliding_window_causal_mask,
)
from transformers.utils.generic import is_flash_attention_requested

from .configuration import TransformerConfig
from .packing import PackedSide, Packing, both_sides, packed_side
from .positions import alibi_bias, positions_of, rotation


class Layout(NamedTuple):
    """The layout of the tokens of one stack.

    Attributes:
        batch: a tensor of the shape, type and device of the padded batch that attention computes on,
            ``[rows, longest, hidden]``; its values are never read.
        mask: the real tokens of that batch, ``[rows, past + longest]``; None: nothing is padded.
        position_ids: of the tokens as they were passed, ``[batch, length]`` or one row for all.
        longest: tokens of the longest sequence, those in the cache included; a tensor for a static cache.
        side: the indices that lay out a packed row as that batch; None for padded batches.
        which: ``q`` or ``k``, the suffix of the ``cu_seq_lens`` of these tokens.
        cache: of these tokens.
        is_flash: True if the attention function reads packed rows by itself.
    """

    batch: Tensor
    mask: Tensor | None
    position_ids: Tensor
    longest: int | Tensor
    side: PackedSide | None
    which: Literal["q", "k"]
    cache: Cache | None
    is_flash: bool

    @classmethod
    def of(
        cls,
        config: TransformerConfig,
        embeddings: Tensor,
        which: Literal["q", "k"],
        call: dict[str, Any],
        *,
        attention_mask: Tensor | None,
        position_ids: Tensor | None,
        cache: Cache | None = None,
    ) -> Layout:
        """Derive the layout from the arguments of a forward call.

        Args:
            config: of the model.
            embeddings: ``[batch, length, hidden]``.
            which: ``q`` or ``k``, the suffix of the ``cu_seq_lens`` of these tokens.
            call: further keyword arguments of the call.
            attention_mask: ``[batch, past + length]``, 0 where padded.
            position_ids: ``[batch, length]``.
            cache: of these tokens.

        Raises:
            ValueError: for several packed rows, or a packed row with a mask.
        """
        is_flash = is_flash_attention_requested(config)
        length = embeddings.shape[1]
        side = packed_side(call, which, length)
        if side is not None:
            if embeddings.shape[0] != 1:
                raise ValueError(f"cu_seq_lens describe one packed row, found a batch of {embeddings.shape[0]} rows")
            if attention_mask is not None:
                raise ValueError("a packed row has no padding: give cu_seq_lens or an attention mask, not both")
            batch = embeddings.new_empty(1).expand(*side.mask.shape, embeddings.shape[-1])
            return cls(batch, side.mask, side.position_ids, side.mask.shape[1], side, which, None, is_flash)
        past = 0 if cache is None else cache.get_seq_length()
        if position_ids is None:
            position_ids = positions_of(attention_mask, length, past=past, device=embeddings.device)
        return cls(embeddings, attention_mask, position_ids, past + length, None, which, cache, is_flash)

    def attention_settings(self, config: TransformerConfig, call: dict[str, Any], *, causal: bool) -> dict[str, Any]:
        """Return the arguments of self-attention.

        Args:
            config: of the model.
            call: further keyword arguments of the call, for the attention function.
            causal: True if a token attends only to itself and to those before it.

        Raises:
            ValueError: if the attention function does not support the configuration.
        """
        if self.side is None:
            settings = call
        elif self.is_flash:
            settings = {**call, **both_sides(call, self.which)}
        else:
            settings = {**_without_ends(call), "packing": Packing(self.side, self.side)}
        window = config.sliding_window
        if window is not None and not causal:
            window += 1  # attention functions count the token itself, the library's bidirectional mask does not
        mask = self._mask(config, causal=causal)
        return {**settings, "attention_mask": mask, "sliding_window": window, **self._positions(config)}

    def cross_settings(
        self, config: TransformerConfig, call: dict[str, Any], encoder_states: Tensor, encoder_mask: Tensor | None
    ) -> dict[str, Any]:
        """Return the arguments of cross-attention that differ from those of self-attention.

        Args:
            config: of the model.
            call: further keyword arguments of the call.
            encoder_states: ``[batch, source_length, hidden]``.
            encoder_mask: ``[batch, source_length]``, 0 where padded.

        Raises:
            ValueError: if only one side is packed; if the number of targets is no multiple of the number of sources.
        """
        n_targets, n_sources = self.batch.shape[0], encoder_states.shape[0]
        if self.side is None and n_targets != n_sources and (n_sources == 0 or n_targets % n_sources):
            raise ValueError(f"{n_targets} rows of targets do not belong to {n_sources} rows of sources")
        if (call.get("cu_seq_lens_k") is None) != (self.side is None):
            raise ValueError(
                "of cu_seq_lens_q and cu_seq_lens_k only one is given: the first divides the decoder's row, "
                "the second the encoder's"
            )
        if self.side is not None and self.is_flash:
            return {name: call[name] for name in _ENDS} | {"attention_mask": None}
        if self.is_flash and self.batch.shape[1] > 1 and _has_padding(encoder_mask):
            raise ValueError(
                "flash attention to a padded source takes one target token at a time; pack the rows, or use sdpa"
            )
        keys = encoder_states
        settings: dict[str, Any] = {}
        side = packed_side(call, "k", encoder_states.shape[1])
        if self.side is not None and side is not None:
            encoder_mask = side.mask
            keys = encoder_states.new_empty(1).expand(*side.mask.shape, encoder_states.shape[-1])
            settings["packing"] = Packing(self.side, side)
        mask = create_bidirectional_mask(config, self.batch, encoder_mask, encoder_hidden_states=keys)
        return {**settings, "attention_mask": mask}

    def _mask(self, config: TransformerConfig, *, causal: bool) -> Any:
        if self.side is not None and self.is_flash:
            return None
        if causal:
            create_causal = create_sliding_window_causal_mask if config.sliding_window else create_causal_mask
            return create_causal(config, self.batch, self.mask, self.cache)
        create = create_bidirectional_sliding_window_mask if config.sliding_window else create_bidirectional_mask
        return create(config, self.batch, self.mask)

    def _positions(self, config: TransformerConfig) -> dict[str, Any]:
        """Return the rotation of ``rotary`` or the bias of ``alibi``; nothing for other positions."""
        length, device = self.batch.shape[1], self.batch.device
        if config.position == "rotary":
            in_batch = self.side is not None and not self.is_flash
            positions = torch.arange(length, device=device)[None, :] if in_batch else self.position_ids
            return {"rotary": rotation(positions, config.head_dim, base=config.rope_theta)}
        if config.position == "alibi":
            if self.is_flash:
                raise ValueError("position='alibi' works with eager, sdpa and flex_attention, not with flash attention")
            queries = keys = torch.arange(length, device=device)
            if self.cache is not None:
                queries = queries + self.cache.get_query_offset(0)
                n_keys, offset = self.cache.get_mask_sizes(length, 0)
                keys = torch.arange(n_keys, device=device) + offset
            bias = alibi_bias(config.num_attention_heads, queries, keys)
            if config._attn_implementation == "flex_attention":  # it indexes the rows; the others broadcast
                bias = bias.expand(self.batch.shape[0], -1, -1, -1)
            return {"position_bias": bias.to(self.batch.dtype)}
        return {}


_ENDS = ("cu_seq_lens_q", "cu_seq_lens_k", "max_length_q", "max_length_k")


def _has_padding(mask: Tensor | None) -> bool:
    return mask is not None and not torch.compiler.is_compiling() and not bool(mask.all())


def _without_ends(call: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in call.items() if name not in _ENDS}
