"""Micro-batches: the rows of each are a pure function of lengths, seed and epoch."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Strategy: TypeAlias = Literal["random", "sequential", "group_by_length"]
_Rows: TypeAlias = NDArray[np.int64]

STEPS_OF_A_MEGA_BATCH = 50
PACKED_OF_A_MEGA_BATCH = 20


class StepBatches:
    """The micro-batches of an epoch, usable as ``batch_sampler`` of a ``DataLoader``.

    The rows of a step depend on the seed, the epoch and the number of rows a step. They do not depend on how a step is
    divided into micro-batches: 8 × 1 and 2 × 4 learn from the same rows. With `group_by_length` the rows of a step are
    of similar length. The step with the longest row comes first, so that a lack of memory shows at once. Only the last
    step may be smaller.

    With `tokens_per_batch` a micro-batch has as many rows of similar length as its padded size allows. A longer row is
    a micro-batch of its own. `micro_batch` and `strategy` are then ignored.

    Packed rows lie behind each other without padding, so the sum of their lengths counts. The rows of a micro-batch are
    then of similar length within a mega-batch of about 20 micro-batches, or fewer for few rows. A mega-batch is a fair
    draw from all rows, long and short, and another draw in each epoch. `packed` without `tokens_per_batch` changes
    nothing.

    Args:
        lengths: tokens of each row.
        micro_batch: rows of one forward.
        micro_batches_per_step: forwards of one optimizer update, over all ranks.
        strategy: the order of the rows.
        seed: decides the order, together with the epoch.
        tokens_per_batch: the largest product of the rows and the longest row of a micro-batch; of packed rows, the
            largest sum of their lengths.
        packed: whether rows are packed instead of padded.
    """

    drop_last = False

    def __init__(
        self,
        lengths: Sequence[int],
        *,
        micro_batch: int,
        micro_batches_per_step: int,
        strategy: Strategy,
        seed: int,
        tokens_per_batch: int | None = None,
        packed: bool = False,
    ) -> None:
        # accelerate divides batches among ranks by this number, and takes None for batches of unlike sizes.
        self.batch_size = None if tokens_per_batch else micro_batch
        self._micro_batch = micro_batch
        self.epoch = 0
        self._lengths: _Rows = np.asarray(lengths, dtype=np.int64)
        self._step_rows = micro_batch * micro_batches_per_step
        self._strategy = strategy
        self._seed = seed
        descending = np.sort(self._lengths)[::-1]
        self._cuts = _token_cuts(descending, tokens_per_batch) if tokens_per_batch and not packed else None
        self._packing = _Packing.of(descending, tokens_per_batch) if tokens_per_batch and packed else None

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch (0-based) of the next iteration."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of micro-batches, which is the same in every epoch."""
        if self._packing is not None:
            return self._packing.n_batches
        if self._cuts is not None:
            return len(self._cuts) + 1
        return -(-len(self._lengths) // self._micro_batch)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each micro-batch."""
        if self._packing is not None:
            yield from self._packed_batches(self._packing)
            return
        if self._cuts is not None:
            yield from self._token_batches(self._cuts)
            return
        for step in self._steps():
            for start in range(0, len(step), self._micro_batch):
                yield step[start : start + self._micro_batch].tolist()

    def _generator(self) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self._seed, self.epoch])))

    def _steps(self) -> list[_Rows]:
        n_rows = len(self._lengths)
        if self._strategy == "sequential":
            return _cut(np.arange(n_rows), self._step_rows)
        generator = self._generator()
        order = generator.permutation(n_rows)
        if self._strategy == "random":
            return _cut(order, self._step_rows)
        return self._steps_of_like_length(order, generator)

    def _steps_of_like_length(self, order: _Rows, generator: np.random.Generator) -> list[_Rows]:
        # The rows of the partial step are set aside before sorting: they are a fair draw, not the shortest.
        n_whole = len(order) - len(order) % self._step_rows
        steps: list[_Rows] = []
        for mega_batch in _cut(order[:n_whole], STEPS_OF_A_MEGA_BATCH * self._step_rows):
            steps += _cut(self._longest_first(mega_batch), self._step_rows)
        steps = [steps[i] for i in generator.permutation(len(steps))]
        if steps:
            longest = max(range(len(steps)), key=lambda i: int(self._lengths[steps[i][0]]))
            steps.insert(0, steps.pop(longest))
        if n_whole < len(order):
            steps.append(self._longest_first(order[n_whole:]))
        return steps

    def _longest_first(self, rows: _Rows) -> _Rows:
        return rows[np.argsort(-self._lengths[rows], kind="stable")]

    def _token_batches(self, cuts: list[int]) -> Iterator[list[int]]:
        # A stable sort of a permutation breaks the ties between equally long rows at random.
        generator = self._generator()
        batches = np.split(self._longest_first(generator.permutation(len(self._lengths))), cuts)
        for i in generator.permutation(len(batches)):
            yield batches[i].tolist()

    def _packed_batches(self, packing: _Packing) -> Iterator[list[int]]:
        generator = self._generator()
        rows = self._longest_first(generator.permutation(len(self._lengths)))
        batches = packing.divide(rows, generator)
        for i in generator.permutation(len(batches)):
            yield batches[i].tolist()


@dataclass(frozen=True)
class _Packing:
    """A plan of packing that has the same number of micro-batches in every epoch.

    Rows are sorted by length, the longest first. Neighbours form strata of as many rows as there are mega-batches. Each
    mega-batch draws one row from each stratum. So whatever fits with the longest row of each stratum fits in every
    mega-batch. Neighbours differ little in length, so hardly any room is lost.

    Attributes:
        n_rows: rows of the data.
        n_mega_batches: number of mega-batches, and rows of a stratum; only the last stratum may have fewer.
        cuts: the strata at which a micro-batch begins, without the first.
    """

    n_rows: int
    n_mega_batches: int
    cuts: list[int]

    @classmethod
    def of(cls, descending: _Rows, budget: int) -> _Packing:
        """Return the plan for rows of these lengths, longest first, with at most `budget` tokens a micro-batch."""
        n_packed = max(1, -(-int(descending.sum()) // budget))
        wanted = round(n_packed / min(PACKED_OF_A_MEGA_BATCH, math.ceil(math.sqrt(n_packed))))
        # A few numbers are tried, since the last micro-batch of a mega-batch may be all but empty.
        numbers = range(min(wanted, len(descending)), min(wanted + 1 + wanted // 10, len(descending)) + 1)
        plans = [cls(len(descending), number, _packed_cuts(descending[::number], budget)) for number in numbers]
        best = min(plans, key=lambda plan: plan.n_batches)
        # The smallest budget that needs no further micro-batch spreads the tokens evenly over all of them.
        longest, n_cuts = descending[:: best.n_mega_batches], len(best.cuts)
        even = bisect_left(range(budget), True, key=lambda smaller: len(_packed_cuts(longest, smaller)) <= n_cuts)
        return replace(best, cuts=_packed_cuts(longest, even))

    @property
    def n_batches(self) -> int:
        """Return the number of micro-batches without those that only rows missing from the last stratum would fill."""
        lacking = -self.n_rows % self.n_mega_batches
        n_strata = -(-self.n_rows // self.n_mega_batches)
        only_the_last = self.cuts[-1:] == [n_strata - 1]
        return (len(self.cuts) + 1) * self.n_mega_batches - (lacking if only_the_last else 0)

    def divide(self, longest_first: _Rows, generator: np.random.Generator) -> list[_Rows]:
        """Return the micro-batches of an epoch, mega-batch by mega-batch."""
        lacking = np.full(-self.n_rows % self.n_mega_batches, -1)
        strata = np.concatenate([longest_first, lacking]).reshape(-1, self.n_mega_batches)
        mega_batches = generator.permuted(strata, axis=1).T
        batches = [batch[batch >= 0] for rows in mega_batches for batch in np.split(rows, self.cuts)]
        return [batch for batch in batches if len(batch)]


def by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Return batches of rows of similar length, the longest first, for prediction."""
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    return [batch.tolist() for batch in _cut(order, batch_size)]


def by_tokens(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Return packed batches of at most `budget` tokens and similar lengths, the longest first, for prediction."""
    n_tokens: _Rows = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-n_tokens, kind="stable")
    return [batch.tolist() for batch in np.split(order, _packed_cuts(n_tokens[order], budget))]


def _cut(rows: _Rows, size: int) -> list[_Rows]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _token_cuts(descending: _Rows, budget: int) -> list[int]:
    """Return the starts of padded batches without the first; the first row of a batch is the longest."""
    cuts: list[int] = []
    start = 0
    while True:
        start += max(1, budget // max(1, int(descending[start])))
        if start >= len(descending):
            return cuts
        cuts.append(start)


def _packed_cuts(descending: _Rows, budget: int) -> list[int]:
    """Return the starts of packed batches without the first; a batch takes rows up to the budget."""
    ends = np.cumsum(descending)
    cuts: list[int] = []
    start = 0
    while True:
        before = int(ends[start - 1]) if start else 0
        start = max(start + 1, int(np.searchsorted(ends, before + budget, side="right")))
        if start >= len(descending):
            return cuts
        cuts.append(start)
