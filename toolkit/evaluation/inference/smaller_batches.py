"""Batches that become smaller where memory runs out, so that the work goes on."""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import torch

from toolkit.progress import warn
from toolkit.shortage import is_out_of_memory

AnswerT = TypeVar("AnswerT")


def in_batches(
    batches: Iterable[Sequence[int]], answer: Callable[[list[int]], AnswerT]
) -> Iterator[tuple[list[int], AnswerT]]:
    """Yield rows and their answers, batch by batch; where memory runs out, batches have half as many rows from then on.

    Args:
        batches: the rows of each.
        answer: what is done with rows; it may be asked again for some of them, and gives each row the same answer in
            any company.

    Raises:
        Exception: whatever `answer` raises, also where a single row is too much for the memory.
    """
    most = sys.maxsize
    for batch in batches:
        start = 0
        while start < len(batch):
            rows = list(batch[start : start + most])
            try:
                answered = answer(rows)
            except Exception as error:
                if len(rows) == 1 or not is_out_of_memory(error):
                    raise
                traceback.clear_frames(error.__traceback__)  # they hold what took the memory
                if most == sys.maxsize:
                    warn("memory ran out: going on in batches of half as many rows, with the same answers")
                most = len(rows) // 2
            else:
                start += len(rows)
                yield rows, answered
                continue
            _free()


def _free() -> None:
    """Give back what nothing holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
