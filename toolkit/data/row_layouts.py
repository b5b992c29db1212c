"""Layouts: how texts become token ids and labels for an objective, and how micro-batches are packed or padded.

A layout belongs to an objective, such as predicting the next token. It depends neither on the task nor on the family of
the model. Packed batches are for our own Transformer, padded ones for any model of the library.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from toolkit.data.encode import Frame, encode_pairs, encode_texts
from toolkit.data.packing import PackMasked, PackPairs, PackTexts
from toolkit.data.padding import PadPacked

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from toolkit.data.batches import StepBatches

Collator: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], dict[str, Any]]


class Layout(ABC):
    """The form of rows that an objective is learnt from.

    Attributes:
        columns: the columns of texts that it reads.
    """

    columns: ClassVar[tuple[str, ...]] = ("text",)

    @abstractmethod
    def encode(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
        """Encode rows to ``input_ids`` and ``length`` in tokens, and what else the collators need.

        Args:
            rows: columns ``source`` and ``target``, or ``text``; perhaps ``id``.
            tokenizer: the model's own.
            max_length: tokens that the model takes.
        """

    @abstractmethod
    def packer(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that packs encoded rows behind each other; see `toolkit.data.packing`.

        Args:
            tokenizer: the model's own.
            seed: of random choices, such as of masked tokens.
            batches: the order of the rows, whose epoch changes random choices; None repeats those of epoch 0.
        """

    def padder(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that pads the sequences of `packer` on the right; see `toolkit.data.padding`."""
        return PadPacked(self.packer(tokenizer, seed=seed, batches=batches), padding_id(tokenizer))


@dataclass(frozen=True)
class MaskedLayout(Layout):
    """Predict masked tokens of a text from both sides (Devlin et al. 2019, https://arxiv.org/abs/1810.04805)."""

    def encode(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
        """Encode ``text``; a long text becomes several rows, each framed by the special tokens of a text."""
        return encode_texts(rows, tokenizer, max_length=max_length)

    def packer(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that masks tokens; special tokens are never masked.

        Raises:
            ValueError: if the tokenizer has no mask token.
        """
        if tokenizer.mask_token_id is None:
            raise ValueError("the tokenizer has no mask token, so no token can be masked")
        ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
        return PackMasked(int(tokenizer.mask_token_id), ordinary, seed=seed, batches=batches)


@dataclass(frozen=True)
class CausalLayout(Layout):
    """Predict the next token of a text, the token that ends it included.

    A text begins with the tokenizer's ``bos_token``, from which its first token is predicted. Without such a token the
    first token of a text is not predicted.
    """

    def encode(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
        """Encode ``text``; a long text becomes several rows. ``length`` counts the first token too."""
        n_first = int(tokenizer.bos_token_id is not None)
        end = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
        encoded = encode_texts(rows, tokenizer, max_length=max_length - n_first, frame=Frame(end=end))
        lengths = np.asarray(encoded["length"]) + n_first
        return encoded.remove_columns("length").add_column("length", lengths)

    def packer(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that puts the first token in front of each text; it chooses nothing at random."""
        return PackTexts(None if tokenizer.bos_token_id is None else int(tokenizer.bos_token_id))


@dataclass(frozen=True)
class Seq2SeqLayout(Layout):
    """Predict a target given its source.

    Attributes:
        decoder_start_token_id: the token from which the first token of a target is predicted.
    """

    columns: ClassVar[tuple[str, ...]] = ("source", "target")

    decoder_start_token_id: int

    @classmethod
    def of(cls, config: PreTrainedConfig) -> Seq2SeqLayout:
        """Return the layout of a model.

        Raises:
            ValueError: if the configuration names no token that targets begin with.
        """
        start = getattr(config, "decoder_start_token_id", None)
        if start is None:
            raise ValueError(f"{type(config).__name__} has no decoder_start_token_id, so no target can begin")
        return cls(int(start))

    def encode(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
        """Encode ``source`` to ``input_ids`` and ``target`` to ``labels``, each cut at `max_length` tokens."""
        return encode_pairs(rows, tokenizer, max_length=max_length)

    def packer(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that shifts targets for the decoder; it chooses nothing at random."""
        return PackPairs(self.decoder_start_token_id)


def layout_of(model: PreTrainedModel) -> Layout:
    """Return the layout that a model's language head learns from, told by what the head can do.

    Raises:
        ValueError: the model has no language head.
    """
    if model.config.is_encoder_decoder:
        return Seq2SeqLayout.of(model.config)
    if model.can_generate():
        return CausalLayout()
    if model.get_output_embeddings() is None:  # type: ignore[no-untyped-call]
        raise ValueError(f"{type(model).__name__} has no language head")
    return MaskedLayout()


def padding_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return an id to pad with: the tokenizer's own, else any, as the attention mask hides it."""
    known = (tokenizer.pad_token_id, tokenizer.eos_token_id, 0)
    return int(next(token_id for token_id in known if token_id is not None))
