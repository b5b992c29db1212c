"""Which rows go together: pure functions of lengths, seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Strategy: TypeAlias = Literal["random", "sequential", "group_by_length"]
_Rows: TypeAlias = NDArray[np.int64]

STEPS_OF_A_MEGA_BATCH = 50


class StepBatches:
    """The micro-batches of an epoch, usable as ``batch_sampler`` of a ``DataLoader``.

    The rows of a step depend on the seed, the epoch and the number of rows a step, and not on how a step
    is divided into micro-batches: 8 × 1 and 2 × 4 learn from the same rows. With `group_by_length` the rows
    of a step are of like length, and the step with the longest row comes first, so that too little memory
    shows at once. Only the last step may be smaller.

    With `tokens_per_batch` a micro-batch is as many rows of like length as its padded size allows; a longer
    row is a micro-batch of its own. `micro_batch` and `strategy` have no say then.

    Args:
        lengths: tokens of each row.
        micro_batch: rows of one forward.
        micro_batches_per_step: forwards of one optimizer update, over all ranks.
        strategy: the order of the rows.
        seed: decides the order, together with the epoch.
        tokens_per_batch: the most that rows × longest row of a micro-batch may be.
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
    ) -> None:
        self.batch_size = micro_batch
        self.epoch = 0
        self._lengths: _Rows = np.asarray(lengths, dtype=np.int64)
        self._step_rows = micro_batch * micro_batches_per_step
        self._strategy = strategy
        self._seed = seed
        self._cuts = _token_cuts(np.sort(self._lengths)[::-1], tokens_per_batch) if tokens_per_batch else None

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch (0-based) whose order the next iteration gives."""
        self.epoch = epoch

    def __len__(self) -> int:
        """The number of micro-batches, the same in every epoch."""
        if self._cuts is not None:
            return len(self._cuts) + 1
        return -(-len(self._lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """The rows of each micro-batch."""
        if self._cuts is not None:
            yield from self._token_batches(self._cuts)
            return
        for step in self._steps():
            for start in range(0, len(step), self.batch_size):
                yield step[start : start + self.batch_size].tolist()

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


def by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Rows in batches of like length, the longest first: for prediction, where order does not matter."""
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    return [batch.tolist() for batch in _cut(order, batch_size)]


def _cut(rows: _Rows, size: int) -> list[_Rows]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _token_cuts(descending: _Rows, budget: int) -> list[int]:
    """Where batches begin, but the first: each starts with its longest row, so that row sets its size."""
    cuts: list[int] = []
    start = 0
    while True:
        start += max(1, budget // max(1, int(descending[start])))
        if start >= len(descending):
            return cuts
        cuts.append(start)
