"""Padded batches: a sequence a row, all as long as the longest of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from toolkit.transformer.cross_entropy import IGNORED


def pad_right(sequences: Sequence[Sequence[int]], filler: int) -> Tensor:
    """Return sequences of ids as ``int64 [batch, length]``, filled up on the right."""
    return pad_sequence([torch.tensor(ids, dtype=torch.int64) for ids in sequences], True, filler)


class PadPacked:
    """Pad the sequences that a packer lays behind each other; both forms give the same loss.

    The labels are those of the library: -100 where nothing is predicted; labels of a causal language model stand at
    their own tokens.

    Args:
        pack: a collator of `toolkit.data.packing`.
        pad_token_id: fills ``input_ids`` and ``decoder_input_ids``.
    """

    def __init__(self, pack: Callable[[Sequence[Mapping[str, Any]]], dict[str, Any]], pad_token_id: int) -> None:
        self.pack = pack
        self.pad_token_id = pad_token_id

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return ``input_ids``, ``attention_mask`` and ``labels`` ``[batch, length]``, and ``row`` as `pack` does.

        With targets beside the sources also ``decoder_input_ids``, of the shape of ``labels``.
        """
        packed = self.pack(rows)
        ids = packed["input_ids"][0]
        targets = {name: packed[name][0] for name in ("labels", "decoder_input_ids") if name in packed}
        input_lengths, target_lengths = (packed[f"cu_seq_lens_{side}"].diff().tolist() for side in "kq")
        batch = {
            "input_ids": _padded(ids, input_lengths, self.pad_token_id),
            "attention_mask": _padded(torch.ones_like(ids), input_lengths, 0),
        }
        for name, values in targets.items():
            batch[name] = _padded(values, target_lengths, IGNORED if name == "labels" else self.pad_token_id)
        return batch | ({"row": packed["row"]} if "row" in packed else {})


def _padded(values: Tensor, lengths: list[int], filler: int) -> Tensor:
    return pad_sequence(list(torch.split(values, lengths)), True, filler)
