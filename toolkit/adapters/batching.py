"""How sequences of unlike length share a batch: behind each other without padding, or padded."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, cast

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters import packed_attention
from toolkit.adapters.inference import inference
from toolkit.adapters.peft_models import virtual_tokens
from toolkit.data.batches import StepBatches
from toolkit.data.packing import MarkByPosition
from toolkit.data.row_layouts import Collator, Layout
from toolkit.names import Family
from toolkit.transformer import TransformerConfig

_AGREES = 1e-4  # of the largest logit


class Batching(StrEnum):
    """How sequences share a batch."""

    PACKED = "packed, with the ends of sequences"
    BY_POSITION = "packed, told apart by their positions"
    PADDED = "padded"

    @property
    def packs(self) -> bool:
        """Return whether sequences lie behind each other in one row."""
        return self is not Batching.PADDED


def batching_of(model: PreTrainedModel, family: Family) -> Batching:
    """Return how a model takes sequences of unlike length.

    Our own Transformer is told where packed sequences end. A decoder of the library is packed only where two short
    sequences that lie behind each other give the same logits as each alone. All other models are padded.

    Args:
        model: with a language head, in float32. Where it can, it attends to each packed sequence by itself from now on.
        family: how it is built.
    """
    if isinstance(model.config, TransformerConfig):
        return Batching.PACKED
    if virtual_tokens(model):  # a learnt prompt belongs before each sequence
        return Batching.PADDED
    if family is Family.DECODER and (_attends_by_sequence(model) or _packs_exactly(model)):
        return Batching.BY_POSITION
    return Batching.PADDED


def collator_of(
    layout: Layout,
    tokenizer: PreTrainedTokenizerBase,
    batching: Batching,
    *,
    seed: int = 0,
    batches: StepBatches | None = None,
) -> Collator:
    """Return the collator of a layout's rows for a way of batching; `seed` and `batches` as for `Layout.packer`."""
    if batching is Batching.PADDED:
        return layout.padder(tokenizer, seed=seed, batches=batches)
    pack = layout.packer(tokenizer, seed=seed, batches=batches)
    return pack if batching is Batching.PACKED else MarkByPosition(pack)


def _attends_by_sequence(model: PreTrainedModel) -> bool:
    """Give a model the attention for packed rows where it has the library's usual one and gives the same with it."""
    if model.config._attn_implementation == packed_attention.NAME:
        return True
    if model.config._attn_implementation != "sdpa":
        return False
    model.set_attn_implementation(packed_attention.NAME)
    try:
        if _packs_exactly(model):
            return True
    except (AttributeError, TypeError):  # a model that computes with its mask cannot do so here
        pass
    model.set_attn_implementation("sdpa")
    return False


def _packs_exactly(model: PreTrainedModel) -> bool:
    first, second = 5, 7
    rows = len(cast(torch.Tensor, model.get_input_embeddings().weight))
    ids = torch.arange(1, first + second + 1, device=model.device)[None] % rows
    positions = torch.cat([torch.arange(first), torch.arange(second)])[None].to(model.device)
    kept = torch.arange(first, first + second, device=model.device)
    call, was_training = cast(Any, model), model.training
    call.eval()
    try:
        return _agree(call, ids, positions, kept)
    finally:
        call.train(was_training)


def _agree(call: Any, ids: torch.Tensor, positions: torch.Tensor, kept: torch.Tensor) -> bool:
    with inference():
        alone = call(input_ids=ids[:, int(kept[0]) :], use_cache=False).logits
        try:
            packed = call(input_ids=ids, position_ids=positions, logits_to_keep=kept, use_cache=False).logits
        except TypeError:
            return False  # its forward has no such arguments
    return packed.shape == alone.shape and bool((packed - alone).abs().max() <= _AGREES * alone.abs().max())
