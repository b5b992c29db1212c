"""The size that the cache may have, and what is removed when it is larger."""

from __future__ import annotations

import os
import re
import time

from toolkit.cache.entries import Entry, entries, remove
from toolkit.progress import say, warn

VARIABLE = "TOOLKIT_CACHE_LIMIT"
USUAL = 20_000_000_000
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SPARED_SECONDS = 3600  # what was used just now may be read just now
_SHARE = 0.02

_unseen_bytes: float = USUAL  # what this process has written since it last looked; so it looks at its first writing
_warned = False


def limit_bytes() -> int:
    """Return the size in bytes that ``TOOLKIT_CACHE_LIMIT`` names, such as ``500MB`` or ``20GB``; 20 GB by default."""
    global _warned
    written = os.environ.get(VARIABLE, "").strip()
    read = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B|)", written, flags=re.IGNORECASE)
    if read is not None:
        return int(float(read[1]) * _UNITS[read[2].upper()])
    if written and not _warned:
        _warned = True
        warn(f"{VARIABLE}={written!r} is no size such as 500MB or 20GB; the limit is 20GB")
    return USUAL


def written(n_bytes: int) -> None:
    """Take note of bytes that were added to the cache; where it may be too large, remove what was used longest ago.

    What was used within the last hour stays.
    """
    global _unseen_bytes
    _unseen_bytes += n_bytes
    limit = limit_bytes()
    if _unseen_bytes < _SHARE * limit:
        return
    _unseen_bytes = 0
    went = keep_within(limit)
    if went:
        say(f"the cache is larger than {limit:,} bytes ({VARIABLE}); {len(went)} of its oldest entries were removed")


def keep_within(limit: int) -> list[Entry]:
    """Remove what was used longest ago until the cache is no larger than a limit; return what went.

    Args:
        limit: in bytes.
    """
    found = entries()
    excess = sum(entry.n_bytes for entry in found) - limit
    chosen = []
    for entry in found:
        if excess <= 0 or time.time() - entry.used < _SPARED_SECONDS:
            break
        excess -= entry.n_bytes
        chosen.append(entry)
    return remove(chosen)[0]
