"""Memory that is freed is kept for the next step, where the C library would give it back each time."""

from __future__ import annotations

import ctypes
import platform

# Of glibc's malloc.h; the largest threshold that it takes is 32 MiB.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_THRESHOLD = 32 * 2**20


def keep_freed_memory() -> None:
    """Let glibc keep what is freed; elsewhere nothing happens.

    Each step of a training on the CPU asks for the same large tensors again. Given back and asked for anew,
    their pages come one by one and zeroed, which took a tenth of the time (docs/experiments.md).
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST_THRESHOLD)
