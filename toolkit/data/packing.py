"""Packed batches: several sequences behind each other in one row, with marks at the end of each.

The marks have the library's names for attention over sequences of unlike length: ``cu_seq_lens_q`` and
``cu_seq_lens_k`` (cumulative lengths, ``int32 [rows + 1]``), ``max_length_q`` and ``max_length_k`` (integers).
All collators take rows as `toolkit.data.encode` returns them. They leave out ``length``, and keep the numbers of
the rows as ``row`` (``[rows]``) if there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from toolkit.transformer.cross_entropy import IGNORED

if TYPE_CHECKING:
    from toolkit.data.batches import StepBatches

REPLACED_BY_MASK = 0.8
REPLACED_AT_RANDOM = 0.1

_Ids: TypeAlias = NDArray[np.int64]
_Rows: TypeAlias = Sequence[Mapping[str, Any]]


def cumulative(lengths: Sequence[int] | _Ids) -> torch.Tensor:
    """Return the positions at which sequences begin, and the end of the last: ``int32 [sequences + 1]``."""
    ends = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=ends[1:])
    return torch.from_numpy(ends)


class MarkByPosition:
    """Mark packed sequences for the library's decoders, which know a sequence by positions that begin at 0 again.

    Args:
        pack: a collator of this module.
    """

    def __init__(self, pack: Callable[[_Rows], dict[str, Any]]) -> None:
        self.pack = pack

    def __call__(self, rows: _Rows) -> dict[str, Any]:
        """Return what `pack` gives, with ``position_ids [1, tokens]`` instead of the other marks, and no cache."""
        packed = self.pack(rows)
        lengths = packed["cu_seq_lens_q"].diff().tolist()
        positions = torch.cat([torch.arange(length) for length in lengths])[None]
        kept = {name: value for name, value in packed.items() if not name.endswith(("_q", "_k"))}
        return {**kept, "position_ids": positions, "use_cache": False}


class PackPairs:
    """Pack sources and targets for an encoder-decoder.

    Args:
        decoder_start_token_id: the token from which the decoder predicts the first token of a target; None: the last
            token of the target itself, as mBART has it.
        n_given: number of tokens at the beginning of a target that are given, and not predicted.
    """

    def __init__(self, decoder_start_token_id: int | None, *, n_given: int = 0) -> None:
        self.decoder_start_token_id = decoder_start_token_id
        self.n_given = n_given

    def __call__(self, rows: _Rows) -> dict[str, Any]:
        """Return ``input_ids [1, source tokens]``, ``decoder_input_ids`` and ``labels [1, target tokens]``.

        The marks of the sources end in ``_k``, those of the targets in ``_q``.
        """
        sources, source_lengths = _joined(rows, "input_ids")
        targets, target_lengths = _joined(rows, "labels")
        places = np.arange(len(targets)) - np.repeat(np.cumsum(target_lengths) - target_lengths, target_lengths)
        return {
            "input_ids": _tensor(sources),
            "decoder_input_ids": _tensor(_shifted(targets, target_lengths, self.decoder_start_token_id)),
            "labels": _tensor(np.where(places < self.n_given, IGNORED, targets)),
            **_marks("k", source_lengths),
            **_marks("q", target_lengths),
            **_row_numbers(rows),
        }


class PackTexts:
    """Pack texts for a decoder that predicts the next token.

    Args:
        bos_token_id: the token to put in front of each text, which makes it one token longer; None puts none.
    """

    def __init__(self, bos_token_id: int | None) -> None:
        self.bos_token_id = bos_token_id

    def __call__(self, rows: _Rows) -> dict[str, Any]:
        """Return ``input_ids [1, tokens]``, ``labels [1, tokens]`` and ``logits_to_keep [tokens - rows]``.

        Labels stand at their own tokens, as the library expects them; the first token of a row has no label. A logit is
        kept where there is a next token to predict.
        """
        ids, lengths = _joined(rows, "input_ids")
        if self.bos_token_id is not None:
            ids = np.insert(ids, np.cumsum(lengths) - lengths, self.bos_token_id)
            lengths = lengths + 1
        ends = np.cumsum(lengths)
        labels = ids.copy()
        labels[ends - lengths] = IGNORED
        return {
            "input_ids": _tensor(ids),
            "labels": _tensor(labels),
            "logits_to_keep": torch.from_numpy(np.delete(np.arange(len(ids)), ends - 1)),
            **_marks("q", lengths),
            **_marks("k", lengths),
            **_row_numbers(rows),
        }


class PackAnswers:
    """Pack sequences for a decoder of which it learns to write a part."""

    def __call__(self, rows: _Rows) -> dict[str, Any]:
        """Return ``input_ids [1, tokens]``, ``labels [1, tokens]`` and ``logits_to_keep [predicted tokens]``.

        Labels stand at their own tokens, as for `PackTexts`. A logit is kept where it predicts one.
        """
        ids, lengths = _joined(rows, "input_ids")
        labels, _ = _joined(rows, "labels")
        labels[np.cumsum(lengths) - lengths] = IGNORED  # there is nothing to predict the first token from
        return {
            "input_ids": _tensor(ids),
            "labels": _tensor(labels),
            "logits_to_keep": torch.from_numpy(np.flatnonzero(labels != IGNORED) - 1),
            **_marks("q", lengths),
            **_marks("k", lengths),
            **_row_numbers(rows),
        }


class PackMasked:
    """Pack texts for an encoder that predicts masked tokens.

    Of the chosen tokens 80 % become the mask token, 10 % a random token, and 10 % stay (Devlin et al. 2019, A.1,
    https://arxiv.org/abs/1810.04805). The choice depends on the seed, the epoch and the numbers of the rows alone, so a
    resumed run makes the same choice. At least one token of a batch is chosen if it has an ordinary token.

    The epoch is that of `batches` when a loader begins to iterate. Workers that outlive an epoch
    (``dataloader_persistent_workers``) would keep the first epoch and repeat its masks.

    Args:
        mask_token_id: the id that masks a token.
        ordinary_ids: the ids that stand for text; only these are chosen, and random tokens are drawn from them.
        probability: the share of tokens to choose.
        seed: of the run.
        batches: the order of the rows, which has the epoch; None is epoch 0, as for validation.
    """

    def __init__(
        self,
        mask_token_id: int,
        ordinary_ids: _Ids,
        *,
        probability: float = 0.15,
        seed: int = 0,
        batches: StepBatches | None = None,
    ) -> None:
        self.mask_token_id = mask_token_id
        self.ordinary_ids = ordinary_ids
        self.probability = probability
        self.seed = seed
        self.batches = batches

    def __call__(self, rows: _Rows) -> dict[str, Any]:
        """Return ``input_ids [1, tokens]``, ``labels [1, tokens]`` and ``logits_to_keep [chosen]``."""
        ids, lengths = _joined(rows, "input_ids")
        numbers = _row_numbers(rows)
        generator = self._generator(numbers["row"].tolist() if numbers else [])
        chosen = self._choose(ids, generator)
        labels = np.full_like(ids, IGNORED)
        labels[chosen] = ids[chosen]
        ids[chosen] = self._hidden(ids[chosen], generator)
        return {
            "input_ids": _tensor(ids),
            "labels": _tensor(labels),
            "logits_to_keep": torch.from_numpy(chosen),
            **_marks("q", lengths),
            **_marks("k", lengths),
            **numbers,
        }

    def _generator(self, row_numbers: list[int]) -> np.random.Generator:
        epoch = self.batches.epoch if self.batches is not None else 0
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, epoch, *row_numbers])))

    def _choose(self, ids: _Ids, generator: np.random.Generator) -> _Ids:
        ordinary = np.flatnonzero(np.isin(ids, self.ordinary_ids))
        if not len(ordinary):
            return ordinary  # only blank texts, which training does not have
        chosen: _Ids = ordinary[generator.random(len(ordinary)) < self.probability]
        return chosen if len(chosen) else generator.choice(ordinary, size=1)

    def _hidden(self, ids: _Ids, generator: np.random.Generator) -> _Ids:
        fate = generator.random(len(ids))
        others = self.ordinary_ids[generator.integers(len(self.ordinary_ids), size=len(ids))]
        shown = np.where(fate < REPLACED_BY_MASK + REPLACED_AT_RANDOM, others, ids)
        hidden: _Ids = np.where(fate < REPLACED_BY_MASK, self.mask_token_id, shown)
        return hidden


def _joined(rows: _Rows, name: str) -> tuple[_Ids, _Ids]:
    """Return the ids of all rows behind each other, and the length of each row."""
    sequences = [row[name] for row in rows]
    lengths = np.fromiter(map(len, sequences), dtype=np.int64, count=len(sequences))
    if isinstance(sequences[0], list):
        joined = np.fromiter(chain.from_iterable(sequences), dtype=np.int64, count=int(lengths.sum()))
    else:
        joined = np.concatenate(sequences, dtype=np.int64, casting="same_kind")
    return joined, lengths


def _shifted(targets: _Ids, lengths: _Ids, start: int | None) -> _Ids:
    """Shift each target one to the right; its last token goes to the front where there is no `start`."""
    shifted = np.roll(targets, 1)
    ends = np.cumsum(lengths)
    shifted[ends - lengths] = targets[ends - 1] if start is None else start
    return shifted


def _tensor(ids: _Ids) -> torch.Tensor:
    return torch.from_numpy(ids)[None]


def _marks(side: str, lengths: _Ids) -> dict[str, Any]:
    return {f"cu_seq_lens_{side}": cumulative(lengths), f"max_length_{side}": int(lengths.max())}


def _row_numbers(rows: _Rows) -> dict[str, torch.Tensor]:
    return {"row": torch.tensor([row["row"] for row in rows])} if "row" in rows[0] else {}
