"""Sentences as tokens of a model, in windows where they are long, with a label for each token.

A text is tokenised as it is, not word by word, so that a model reads here as it does in the library's pipeline, and
byte-level BPE and decoders need nothing special. Offsets connect tokens to words. The first token of a word has the
word's tag. Further ones have the tag that continues it (``B-PER`` becomes ``I-PER``): the pipeline, with
``aggregation_strategy="simple"``, reads every token, so untrained ones would break its entities up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from toolkit.data.encode import CHUNK_ROWS, PaddingCollator
from toolkit.data.padding import pad_right
from toolkit.progress import progress_bar
from toolkit.tasks.token_classification.schemes import OUTSIDE, Scheme, continued
from toolkit.tasks.token_classification.sentences import Sentence
from toolkit.tasks.token_classification.words import Spans
from toolkit.transformer.cross_entropy import IGNORED

OVERLAP = 4
"""Windows share a quarter of their tokens, so that each token has an eighth of a window of context at least."""


@dataclass(frozen=True)
class Window:
    """Consecutive tokens of a text that a model reads at once, special tokens among them.

    Attributes:
        row: index of the text.
        inputs: of the model by name, such as ``input_ids``. ``[tokens]``
        offsets: of each token in the text, without the blanks around it, so that a blank has none. ``[tokens, 2]``
        special: whether a token is none of the text. ``[tokens]``
        owned: whether a token has its prediction from this window, in which it has the most context. ``[tokens]``
    """

    row: int
    inputs: dict[str, list[int]]
    offsets: NDArray[np.int64]
    special: NDArray[np.bool_]
    owned: NDArray[np.bool_]


def windows_of(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> list[Window]:
    """Tokenise texts; one longer than `max_length` tokens becomes several windows that overlap, and nothing is cut.

    Args:
        texts: in any order; a text without tokens has a window of special tokens, or none at all.
        tokenizer: the model's own, with offsets.
        max_length: tokens of a window, special tokens included.
    """
    room = max_length - tokenizer.num_special_tokens_to_add()
    windows: list[Window] = []
    with progress_bar("tokenising", len(texts)) as bar:
        for start in range(0, len(texts), CHUNK_ROWS):
            chunk = list(texts[start : start + CHUNK_ROWS])
            windows += _windows(chunk, start, tokenizer, max_length=max_length, stride=max(0, room // OVERLAP))
            bar.advance(len(chunk))
    return windows


def _windows(
    texts: list[str], first_row: int, tokenizer: PreTrainedTokenizerBase, *, max_length: int, stride: int
) -> list[Window]:
    encoded = tokenizer(
        texts,
        truncation=True,
        max_length=max_length,
        stride=stride,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_attention_mask=False,
    )
    names = [name for name in tokenizer.model_input_names if name in encoded and name != "attention_mask"]
    rows = encoded["overflow_to_sample_mapping"]
    parts: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        if encoded["input_ids"][index]:
            parts.setdefault(row, []).append(index)
    special = [np.array(mask, dtype=bool) for mask in encoded["special_tokens_mask"]]
    windows = []
    for row, indices in parts.items():
        for index, owned in zip(indices, _owned([special[i] for i in indices], stride), strict=True):
            inputs = {name: encoded[name][index] for name in names}
            offsets = _trimmed(encoded["offset_mapping"][index], texts[row])
            windows.append(Window(first_row + row, inputs, offsets, special[index], owned))
    return windows


def _trimmed(offsets: Sequence[tuple[int, int]], text: str) -> NDArray[np.int64]:
    """Return offsets without the blanks that some tokenizers count to a word."""
    trimmed = []
    for start, end in offsets:
        part = text[start:end]
        kept = part.strip()
        begin = start + (part.index(kept) if kept else 0)
        trimmed.append((begin, begin + len(kept)))
    return np.array(trimmed, dtype=np.int64).reshape(-1, 2)


def _owned(special: Sequence[NDArray[np.bool_]], stride: int) -> list[NDArray[np.bool_]]:
    """Return which tokens of each window of a text have the most context there: neighbours share their overlap."""
    owned = [~mask for mask in special]
    for first, second in pairwise(owned):
        first[np.flatnonzero(first)[len(np.flatnonzero(first)) - stride // 2 :]] = False
        second[np.flatnonzero(second)[: stride - stride // 2]] = False
    return owned


def first_tokens(words: Spans, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of the first token that covers a part of each word, -1 where there is none. ``[words]``.

    Args:
        words: in their order, in characters.
        offsets: of tokens in their order; empty ones cover nothing. ``[tokens, 2]``
    """
    covering = np.flatnonzero(offsets[:, 0] < offsets[:, 1])
    if not len(covering) or not words:
        return np.full(len(words), -1, dtype=np.int64)
    starts, ends = np.array(words, dtype=np.int64).T
    found = np.searchsorted(offsets[covering, 1], starts, side="right")
    inside = found < len(covering)
    first = covering[np.minimum(found, len(covering) - 1)]
    return np.where(inside & (offsets[first, 0] < ends) & (starts < ends), first, -1)


def label_tokens(sentence: Sentence, window: Window, *, labels: Mapping[str, int], scheme: Scheme) -> list[int]:
    """Return the label of each token of a window, -100 where the loss has none.

    A token has the tag of the word in which it begins; one that is not the first of the word continues it. A blank
    between two words of an entity continues it too, and any other blank is outside.

    Args:
        sentence: with tags.
        window: of its text.
        labels: the model's output for each tag.
        scheme: of the tags.
    """
    tags, words = sentence.tags or [], np.array(sentence.words, dtype=np.int64).reshape(-1, 2)
    word_of = np.searchsorted(words[:, 0], window.offsets[:, 0], side="right") - 1
    first = first_tokens(sentence.words, window.offsets)
    found = [IGNORED] * len(word_of)
    for token, (start, end) in enumerate(window.offsets.tolist()):
        word = int(word_of[token])
        if window.special[token]:
            continue
        if start == end:
            found[token] = labels.get(_of_blank(tags, word, scheme), IGNORED)
        elif word >= 0 and start < words[word, 1]:
            begins = token == first[word] and start == words[word, 0]
            found[token] = labels.get(tags[word] if begins else continued(tags[word], scheme), IGNORED)
    return found


def _of_blank(tags: Sequence[str], word: int, scheme: Scheme) -> str:
    """Return the tag of a blank behind a word."""
    goes_on = 0 <= word < len(tags) - 1 and continued(tags[word], scheme) == tags[word + 1]
    return tags[word + 1] if goes_on else OUTSIDE


def encode_windows(windows: Sequence[Window], labels: Sequence[Sequence[int]] | None = None) -> Dataset:
    """Return a data set of the model's inputs with ``length`` in tokens, and ``labels`` if they are given.

    Args:
        windows: a row each.
        labels: of their tokens.
    """
    ids = pa.list_(pa.int32())
    columns: dict[str, Any] = {
        name: pa.array([window.inputs[name] for window in windows], ids) for name in windows[0].inputs
    }
    columns["length"] = pa.array([len(window.offsets) for window in windows], pa.int32())
    if labels is not None:
        columns["labels"] = pa.array([list(each) for each in labels], ids)
    return Dataset(pa.table(columns))


class LabelCollator(PaddingCollator):
    """Pad rows and the labels of their tokens, these with -100.

    Args:
        pad_token_id: fills ``input_ids``.
    """

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Return rows of `encode_windows` as tensors ``[batch, length]``."""
        inputs = [{name: value for name, value in row.items() if name != "labels"} for row in rows]
        return super().__call__(inputs) | {"labels": pad_right([row["labels"] for row in rows], IGNORED)}
