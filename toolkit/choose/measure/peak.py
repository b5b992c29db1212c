"""Measure the memory that a computation takes."""

from __future__ import annotations

import ctypes
import gc
import platform
from collections.abc import Callable
from threading import Event, Thread

import psutil
import torch

_EVERY_SECONDS = 0.002


def memory_taken(work: Callable[[], object], *, device: torch.device) -> int | None:
    """Run a function, and return the bytes by which memory grew meanwhile, at most.

    On a GPU this is the memory that torch allocated. On the CPU it is the growth of the process, sampled every 2 ms.
    Shorter peaks are missed. Memory that was free but not returned to the system is not counted, so that the C library
    is made to return it first.

    Args:
        work: runs once.
        device: where it computes.

    Returns:
        None on a device whose memory cannot be measured.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        work()
        torch.cuda.synchronize(device)
        return int(torch.cuda.max_memory_allocated(device)) - int(before)
    if device.type != "cpu":
        work()
        return None
    _give_back()
    with _Highest() as highest:
        work()
    return highest.bytes - highest.before


class _Highest:
    """Sample the memory of the process while a block of code runs."""

    def __enter__(self) -> _Highest:
        self._process = psutil.Process()
        self.before = self.bytes = int(self._process.memory_info().rss)
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        self.bytes = max(self.bytes, int(self._process.memory_info().rss))


def _give_back() -> None:
    """Free unreferenced objects, and let glibc return free memory; other C libraries do so anyway."""
    gc.collect()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
