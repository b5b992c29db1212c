"""Freed memory is kept for the next step, instead of returning it to the system each time."""

from __future__ import annotations

import ctypes
import platform

# From glibc's malloc.h; the largest threshold that it accepts is 32 MiB.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_THRESHOLD = 32 * 2**20


def keep_freed_memory() -> None:
    """Let glibc keep freed memory; with another C library nothing happens.

    Each step of a training on the CPU allocates the same large tensors again. If their memory was returned, the system
    provides it again page by page and zeroed, which took a tenth of the time (docs/experiments.md).
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST_THRESHOLD)
