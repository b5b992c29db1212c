"""Import large libraries without looking through their objects for garbage again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_import() -> Iterator[None]:
    """Let a block of imports pass without garbage collection, and no later one look at what it has made.

    Libraries make millions of objects that stay, so that looking through them takes a fifth of the time of an import.
    A process that is forked afterwards shares their memory, as the documentation of `gc.freeze` says.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
