"""Files that are either whole or not there: atomic writes, flushing to the disk, and digests."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.errors import ResourceError

# What file systems answer that cannot flush a folder (network drives, some FUSE mounts).
_CANNOT_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Write a file so that a reader, or a power cut, finds the old one or the new one and nothing between.

    Gives the name of a temporary file in the same folder to write to; when the block ends well, that file is
    flushed to the disk and renamed. The block does nothing but write: its `OSError` is reported as one of
    writing.

    Args:
        path: the file to make or replace; its folder exists.

    Raises:
        ResourceError: the file cannot be written; what stood under the name is untouched.
    """
    path = Path(path)
    # The target's own name is not part of it: with more added it could exceed the longest name allowed.
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        fsync_file(temporary)
        temporary.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        raise ResourceError(f"cannot be written: {error.strerror or error}", where=str(path)) from error
    finally:
        # Nothing is left to remove once the rename has happened.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text_atomically(path: str | Path, text: str) -> None:
    r"""Write a text so that its file is whole or not there.

    Args:
        path: the file to make or replace; its folder exists.
        text: written as UTF-8, line ends as they are (``\n`` stays ``\n`` on every platform).

    Raises:
        ResourceError: the file cannot be written; what stood under the name is untouched.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def write_json_atomically(path: str | Path, value: Any) -> None:
    """Write a value as readable JSON (UTF-8, two spaces, keys in the order given), atomically.

    Args:
        path: the file to make or replace; its folder exists.
        value: what `json.dumps` takes; numbers are finite.

    Raises:
        ResourceError: the file cannot be written.
        ValueError: a number is NaN or infinite, which JSON does not have.
        TypeError: something in the value is not JSON.
    """
    write_text_atomically(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def fsync_file(path: str | Path) -> None:
    """Flush a file's content to the disk.

    Raises:
        OSError: the file is not there, or the disk reports a fault.
    """
    # Windows flushes only what is open for writing; elsewhere a read-only file can be flushed too.
    _fsync(Path(path), os.O_RDWR if os.name == "nt" else os.O_RDONLY)


def fsync_folder(path: str | Path) -> None:
    """Flush a folder's entries to the disk, so that a rename in it outlives a power cut.

    Windows has no such call, and some network drives refuse it: there it does nothing.

    Raises:
        OSError: the folder is not there, or the disk reports a fault.
    """
    if os.name == "nt":
        return
    try:
        _fsync(Path(path), os.O_RDONLY)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise


def sha256_file(path: str | Path) -> str:
    """The SHA-256 of a file's bytes as 64 hex digits; reads in blocks, so that any size fits in memory.

    Raises:
        OSError: the file cannot be read.
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
