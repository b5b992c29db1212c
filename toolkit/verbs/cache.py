"""`toolkit.cache_list` and `toolkit.cache_clear`: what is kept to save time, and its removal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.verbs.work import working

if TYPE_CHECKING:
    from toolkit.cache.entries import Entry


@working()
def cache_list() -> list[Entry]:
    """Return what the cache holds, what was used longest ago first."""
    from toolkit.cache.entries import entries

    return entries()


@working()
def cache_clear(kinds: Sequence[str] = ()) -> tuple[list[Entry], list[Entry]]:
    """Remove what the cache holds; return what went, and what stays because a process uses it.

    Args:
        kinds: folders of the cache, such as ``features``; none is all.

    Raises:
        ToolkitError: there is no such kind.
    """
    from toolkit.cache.entries import clear

    return clear(kinds)
