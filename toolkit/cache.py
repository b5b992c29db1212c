"""The cache folder, and digests of files that are computed once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from platformdirs import user_cache_dir

from toolkit.errors import ResourceError
from toolkit.files import sha256_file, write_text_atomically

_NAME = "transfer-toolkit"


def cache_folder() -> Path:
    """Return the toolkit's folder below ``XDG_CACHE_HOME``, or below the platform's cache folder."""
    named = os.environ.get("XDG_CACHE_HOME")
    return Path(named, _NAME) if named else Path(user_cache_dir(_NAME, appauthor=False))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits; it is cached by the file's size and time of modification.

    Raises:
        OSError: if the file cannot be read.
    """
    facts = path.stat()
    key = f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}"
    note = cache_folder() / "digests" / hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    with contextlib.suppress(OSError, ValueError):
        known = note.read_text(encoding="ascii")
        if len(known) == 64:
            return known
    digest = sha256_file(path)
    with contextlib.suppress(OSError, ResourceError):  # without a cache it is computed again
        note.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(note, digest)
    return digest
