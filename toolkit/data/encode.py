"""Encoding: texts to token ids, and token ids to padded tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import torch
from datasets import Dataset

from toolkit.data.cut_texts import note_cuts, note_lengths
from toolkit.data.in_memory import in_memory_dataset
from toolkit.data.padding import pad_right
from toolkit.data.several_inputs import INPUTS, asked, fitted_inputs, inputs_in
from toolkit.progress import progress_bar

if TYPE_CHECKING:
    from transformers import BatchEncoding, PreTrainedTokenizerBase

CHUNK_ROWS = 1_000

_IDS = pa.list_(pa.int32())


def encode(rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
    """Tokenise ``text`` (and ``text_pair``), cut at `max_length` tokens, nothing padded.

    Args:
        rows: columns ``text``, optionally ``text_pair`` and ``label`` (a class, a number for each class, or a number).
        tokenizer: the model's own.
        max_length: tokens a text may have, special tokens included; of a pair the longer text is cut first.

    Returns:
        A data set in the order of `rows` with ``input_ids`` (and ``token_type_ids`` if the model has them),
        ``length`` in tokens and, if there was a ``label``, ``labels``.
    """
    names = [name for name in tokenizer.model_input_names if name != "attention_mask"]
    filler = int(tokenizer.pad_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id)
    label_type = rows.features.arrow_schema.field("label").type if "label" in rows.column_names else None

    blank = {"input_ids": [filler]}

    def columns_of(chunk: dict[str, Any]) -> dict[str, pa.Array]:
        texts, pairs = chunk["text"], chunk.get("text_pair")
        encoded = tokenizer(texts, pairs, truncation=True, max_length=max_length, return_attention_mask=False)

        def whole(row: int) -> int:
            return len(tokenizer(texts[row], None if pairs is None else pairs[row], verbose=False)["input_ids"])

        note_cuts(encoded, texts, pairs, max_length=max_length, length_of=whole)
        # A tokenizer that adds no special token encodes a blank text as no token, which no model reads.
        filled = {name: [ids or blank.get(name, [0]) for ids in encoded[name]] for name in names if name in encoded}
        columns = {name: pa.array(ids, _IDS) for name, ids in filled.items()}
        columns["length"] = _lengths(filled["input_ids"])
        if "label" in chunk:
            columns["labels"] = pa.array(chunk["label"], label_type)
        return columns

    return in_chunks(rows, columns_of)


@dataclass(frozen=True)
class Frame:
    """The special tokens around a text.

    Attributes:
        before: in front of each part of a text.
        after: behind each part.
        end: at the end of the last part.
    """

    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase, *, argument: str = "text") -> Frame:
        """Return the frame that a tokenizer puts around a text by itself.

        A tokenizer that frames a text on both sides frames each part. A tokenizer that only adds tokens behind a text
        marks the end of its last part.

        Args:
            tokenizer: of a model.
            argument: ``text_target`` for the frame of targets.
        """
        plain = tokenizer(**{argument: "a"}, add_special_tokens=False)["input_ids"]
        whole = tokenizer(**{argument: "a"})["input_ids"]
        start = next(i for i in range(len(whole)) if whole[i : i + len(plain)] == plain)
        before, behind = whole[:start], whole[start + len(plain) :]
        return cls(before=before, after=behind) if before else cls(end=behind)


def encode_pairs(
    rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int, prompt: str | None = None
) -> Dataset:
    """Tokenise ``source`` and ``target``, each cut at `max_length` tokens, its last special token kept.

    A text that spells a special token, such as ``</s>``, is text.

    Args:
        rows: columns ``source`` or ``inputs``, and ``target``.
        tokenizer: the model's own, for both sides.
        max_length: tokens a side may have, special tokens included.
        prompt: what is made of a source, such as ``summarize: {source}``; None: the source itself.

    Returns:
        A data set in the order of `rows` with ``input_ids`` of the source, ``labels`` of the target and
        ``length``, the tokens of both.
    """

    def columns_of(chunk: dict[str, Any]) -> dict[str, pa.Array]:
        sources = source_ids(tokenizer, chunk, max_length=max_length, prompt=prompt)
        targets = cut_ids(tokenizer, chunk["target"], max_length=max_length, argument="text_target")
        lengths = [len(source) + len(target) for source, target in zip(sources, targets, strict=True)]
        return {
            "input_ids": pa.array(sources, _IDS),
            "labels": pa.array(targets, _IDS),
            "length": pa.array(lengths, pa.int32()),
        }

    return in_chunks(rows, columns_of)


def source_ids(
    tokenizer: PreTrainedTokenizerBase, columns: Mapping[str, Sequence[str]], *, max_length: int, prompt: str | None
) -> list[list[int]]:
    """Tokenise sources, or several inputs, as an encoder reads them; arguments as of `encode_pairs`.

    Of several inputs the longest is cut at its end, and another only where nothing is left of that.

    Raises:
        RecipeError: not even the prompt of several inputs fits.
    """
    if INPUTS not in columns:
        return cut_ids(tokenizer, asked_texts(columns, prompt), max_length=max_length)

    def whole(texts: list[str]) -> list[list[int]]:
        ids: list[list[int]] = _encoded(tokenizer, text=texts)["input_ids"]
        return ids

    def fitting(cell: str) -> list[int]:
        inputs = inputs_in(cell)
        kept = fitted_inputs(inputs, lambda texts: len(whole([asked(prompt, texts)])[0]), max_length)
        return whole([asked(prompt, kept)])[0]

    texts = asked_texts(columns, prompt)
    every = whole(texts)
    note_lengths(texts, [len(ids) for ids in every], max_length=max_length)
    return [ids if len(ids) <= max_length else fitting(cell) for ids, cell in zip(every, columns[INPUTS], strict=True)]


def asked_texts(columns: Mapping[str, Sequence[str]], prompt: str | None) -> list[str]:
    """Return what is made of each row by a prompt.

    Args:
        columns: ``source``, or ``inputs``.
        prompt: with gaps; None: the source itself.
    """
    if INPUTS in columns:
        return [asked(prompt, inputs_in(cell)) for cell in columns[INPUTS]]
    return [prompted(source, prompt) for source in columns["source"]]


def prompted(source: str, prompt: str | None) -> str:
    """Return a source in a prompt."""
    return source if prompt is None else prompt.replace("{source}", source)


def encode_texts(
    rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int, frame: Frame | None = None
) -> Dataset:
    """Tokenise ``text`` for a language model: no token is lost, a longer text becomes several rows.

    Such a text is cut into as few consecutive parts as possible, of like length, so that none is a mere end token. A
    text that spells a special token is text.

    Args:
        rows: column ``text``, optionally ``id``.
        tokenizer: the model's own.
        max_length: tokens a part may have, special tokens included, but for those that a collator adds.
        frame: the special tokens around a text; None is those that the tokenizer adds by itself.

    Returns:
        A data set in the order of `rows` with ``input_ids``, ``length`` in tokens and the ``id`` of the text.
    """
    frame = frame or Frame.of(tokenizer)
    room = max_length - len(frame.before) - len(frame.after)

    def columns_of(chunk: dict[str, Any]) -> dict[str, pa.Array]:
        bodies = _encoded(tokenizer, text=chunk["text"], add_special_tokens=False)["input_ids"]
        texts = [_parts(ids + frame.end, room) for ids in bodies]
        parts = [[*frame.before, *part, *frame.after] for text in texts for part in text]
        columns = {"input_ids": pa.array(parts, _IDS), "length": _lengths(parts)}
        if "id" in chunk:
            ids = [row_id for row_id, text in zip(chunk["id"], texts, strict=True) for _ in text]
            columns["id"] = pa.array(ids)
        return columns

    return in_chunks(rows, columns_of)


def cut_ids(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, max_length: int, argument: str = "text"
) -> list[list[int]]:
    """Tokenise texts, cut at `max_length` tokens; special tokens in them are spelt as text.

    Args:
        tokenizer: the model's own.
        texts: sources or targets.
        max_length: tokens a text may have, special tokens included.
        argument: ``text_target`` for targets.
    """
    encoded = _encoded(tokenizer, **{argument: texts}, truncation=True, max_length=max_length)

    def whole(row: int) -> int:
        return len(_encoded(tokenizer, **{argument: texts[row]})["input_ids"])

    note_cuts(encoded, texts, max_length=max_length, length_of=whole)
    # The ids of ``text_target`` are called labels only where there is a ``text`` beside it.
    ids: list[list[int]] = encoded["input_ids"]
    return ids


def _encoded(tokenizer: PreTrainedTokenizerBase, **arguments: Any) -> BatchEncoding:
    encoded: BatchEncoding = tokenizer(
        **arguments, return_attention_mask=False, split_special_tokens=True, verbose=False
    )
    return encoded


def _parts(ids: list[int], max_length: int) -> list[list[int]]:
    """Return as few parts as possible, of lengths that differ by at most one."""
    n_parts = max(1, -(-len(ids) // max_length))
    cuts = [len(ids) * part // n_parts for part in range(n_parts + 1)]
    return [ids[start:end] for start, end in pairwise(cuts)]


def _lengths(ids: list[list[int]]) -> pa.Array:
    return pa.array([len(row) for row in ids], pa.int32())


def in_chunks(rows: Dataset, columns_of: Callable[[dict[str, Any]], dict[str, pa.Array]]) -> Dataset:
    """Encode rows, `CHUNK_ROWS` at a time.

    Args:
        rows: at least one.
        columns_of: makes the encoded columns of some rows.
    """
    tables: list[pa.Table] = []
    with progress_bar("tokenising", len(rows)) as bar:
        for start in range(0, len(rows), CHUNK_ROWS):
            tables.append(pa.table(columns_of(rows[start : start + CHUNK_ROWS])))
            bar.advance(min(CHUNK_ROWS, len(rows) - start))
    if not tables:
        raise ValueError("there is no row to encode")
    return in_memory_dataset(pa.concat_tables(tables))


def rows_at(encoded: Dataset, indices: Sequence[int]) -> list[dict[str, Any]]:
    """Return some encoded rows as collators take them, in this order."""
    columns = encoded[list(indices)]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


class PaddingCollator:
    """Pad the rows of a micro-batch on the right to the longest of them.

    Args:
        pad_token_id: the id that fills ``input_ids``; other inputs are filled with 0.
    """

    def __init__(self, pad_token_id: int) -> None:
        self.pad_token_id = pad_token_id

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Return tensors ``[batch, length]`` of encoded rows, and ``[batch]`` of what is one integer a row.

        Labels that are no classes are floats: ``[batch, n_labels]`` for several classes, ``[batch, 1]`` for a number.
        """
        lengths = torch.tensor([len(row["input_ids"]) for row in rows])
        longest = int(lengths.max())
        batch = {"attention_mask": (torch.arange(longest)[None, :] < lengths[:, None]).long()}
        for name, value in rows[0].items():
            if isinstance(value, int):
                batch[name] = torch.tensor([row[name] for row in rows])
            elif name == "labels":
                batch[name] = torch.tensor([row[name] for row in rows], dtype=torch.float32).reshape(len(rows), -1)
            else:
                filler = self.pad_token_id if name == "input_ids" else 0
                batch[name] = pad_right([row[name] for row in rows], filler)
        batch.pop("length", None)
        return batch
