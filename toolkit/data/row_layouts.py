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

from toolkit.data.cut_texts import note_lengths
from toolkit.data.encode import Frame, encode_pairs, encode_texts, source_ids
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
        shifts: whether labels stand at their own tokens, so that each is predicted at the position before it.
    """

    columns: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[bool] = False

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

    def prompts(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> list[list[int]]:
        """Return the token ids that a model reads before it writes, of each row.

        Raises:
            ValueError: models that learn so do not write.
        """
        raise ValueError(f"{type(self).__name__} has nothing to write")


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

    A text of our own Transformer begins with the tokenizer's ``bos_token``, from which its first token is predicted. A
    model of the library reads a text as its tokenizer frames it. Without a first token of its own, the first token of
    a text is not predicted.

    Attributes:
        by_tokenizer: whether the tokenizer puts the tokens in front of a text, if any.
    """

    shifts: ClassVar[bool] = True

    by_tokenizer: bool = False

    def encode(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
        """Encode ``text``; a long text becomes several rows. ``length`` counts the first token too."""
        end = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
        if self.by_tokenizer:
            frame = Frame(before=Frame.of(tokenizer).before, end=end)
            return encode_texts(rows, tokenizer, max_length=max_length, frame=frame)
        n_first = int(tokenizer.bos_token_id is not None)
        encoded = encode_texts(rows, tokenizer, max_length=max_length - n_first, frame=Frame(end=end))
        lengths = np.asarray(encoded["length"]) + n_first
        return encoded.remove_columns("length").add_column("length", lengths)

    def packer(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that puts the first token in front of each text; it chooses nothing at random."""
        without = self.by_tokenizer or tokenizer.bos_token_id is None
        return PackTexts(None if without else int(tokenizer.bos_token_id))

    def prompts(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> list[list[int]]:
        """Return each text without its end token: its last part, where it is longer than half of what the model takes.

        The end of a long text says more about what follows than its beginning.
        """
        before = Frame.of(tokenizer).before if self.by_tokenizer else [int(tokenizer.bos_token_id)]
        texts, room = list(rows["text"]), max_length // 2
        plain = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
        note_lengths(texts, [len(ids) for ids in plain], max_length=room)
        return [[*before, *ids[-room:]] for ids in plain]


@dataclass(frozen=True)
class Seq2SeqLayout(Layout):
    """Predict a target given its source.

    Attributes:
        decoder_start_token_id: the token from which the first token of a target is predicted; None: from the last
            token of the target itself, as mBART has it.
        prompt: what is made of a source before it is read; None: the source itself.
        n_given: number of tokens at the beginning of a target that are given, and not predicted.
    """

    columns: ClassVar[tuple[str, ...]] = ("source", "target")

    decoder_start_token_id: int | None
    prompt: str | None = None
    n_given: int = 0

    @classmethod
    def of(cls, config: PreTrainedConfig) -> Seq2SeqLayout:
        """Return the layout of our own Transformer.

        Raises:
            ValueError: if the configuration names no token that targets begin with.
        """
        start = getattr(config, "decoder_start_token_id", None)
        if start is None:
            raise ValueError(f"{type(config).__name__} has no decoder_start_token_id, so no target can begin")
        return cls(int(start))

    def encode(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
        """Encode ``source`` to ``input_ids`` and ``target`` to ``labels``, each cut at `max_length` tokens."""
        return encode_pairs(rows, tokenizer, max_length=max_length, prompt=self.prompt)

    def packer(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that shifts targets for the decoder; it chooses nothing at random."""
        return PackPairs(self.decoder_start_token_id, n_given=self.n_given)

    def prompts(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> list[list[int]]:
        """Return each source, cut as in training."""
        return source_ids(tokenizer, rows[:], max_length=max_length, prompt=self.prompt)


def layout_of(model: PreTrainedModel) -> Layout:
    """Return the layout that the language head of our own Transformer learns from, told by what the head can do.

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
