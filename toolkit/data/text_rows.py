"""The packed layouts of our own Transformer by its family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.data.row_layouts import CausalLayout, Collator, Layout, MaskedLayout, Seq2SeqLayout
from toolkit.names import Family

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

    from toolkit.data.batches import StepBatches


def encode_for(family: Family, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
    """Encode rows for a family as `Layout.encode` does."""
    return _layout(family, tokenizer).encode(rows, tokenizer, max_length=max_length)


def packer_for(
    family: Family, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
) -> Collator:
    """Return the packer for a family as `Layout.packer` does."""
    return _layout(family, tokenizer).packer(tokenizer, seed=seed, batches=batches)


def _layout(family: Family, tokenizer: PreTrainedTokenizerBase) -> Layout:
    layouts: dict[Family, Layout] = {
        Family.ENCODER: MaskedLayout(),
        Family.DECODER: CausalLayout(),
        Family.ENCODER_DECODER: Seq2SeqLayout(int(tokenizer.bos_token_id)),
    }
    return layouts[family]
