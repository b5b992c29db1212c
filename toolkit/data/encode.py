"""Text to token ids, and token ids to padded tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import torch
from datasets import Dataset

from toolkit.progress import progress_bar

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CHUNK_ROWS = 1_000


def encode(rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
    """Tokenise ``text`` (and ``text_pair``), cut at `max_length` tokens, nothing padded.

    Args:
        rows: columns ``text``, optionally ``text_pair`` and ``label``.
        tokenizer: the model's own.
        max_length: tokens a text may have, special tokens included; of a pair the longer text is cut first.

    Returns:
        A data set in the order of `rows` with ``input_ids`` (and ``token_type_ids`` where the model has
        them), ``length`` in tokens and, if there was a ``label``, ``labels``.
    """
    names = [name for name in tokenizer.model_input_names if name != "attention_mask"]
    tables: list[pa.Table] = []
    with progress_bar("tokenising", len(rows)) as bar:
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            encoded = tokenizer(
                chunk["text"],
                chunk.get("text_pair"),
                truncation=True,
                max_length=max_length,
                return_attention_mask=False,
            )
            columns = {name: pa.array(encoded[name], pa.list_(pa.int32())) for name in names if name in encoded}
            columns["length"] = pa.array([len(ids) for ids in encoded["input_ids"]], pa.int32())
            if "label" in chunk:
                columns["labels"] = pa.array(chunk["label"], pa.int64())
            tables.append(pa.table(columns))
            bar.advance(len(chunk["text"]))
    if not tables:
        raise ValueError("there is no row to encode")
    return Dataset(pa.concat_tables(tables))


class PaddingCollator:
    """Pad the rows of a micro-batch on the right to the longest of them.

    Args:
        pad_token_id: the id that fills ``input_ids``; other inputs are filled with 0.
    """

    def __init__(self, pad_token_id: int) -> None:
        self.pad_token_id = pad_token_id

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Rows as `encode` gives them to tensors ``[batch, length]``, and ``[batch]`` for what is one number a row."""
        lengths = torch.tensor([len(row["input_ids"]) for row in rows])
        longest = int(lengths.max())
        batch = {"attention_mask": (torch.arange(longest)[None, :] < lengths[:, None]).long()}
        for name, value in rows[0].items():
            if isinstance(value, int):
                batch[name] = torch.tensor([row[name] for row in rows])
            else:
                filler = self.pad_token_id if name == "input_ids" else 0
                batch[name] = torch.tensor([list(row[name]) + [filler] * (longest - len(row[name])) for row in rows])
        batch.pop("length", None)
        return batch
