"""Atomic writes, flushing to the disk, digests of files, and folders whose names were meant."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from toolkit.errors import ResourceError, nearest
from toolkit.shortage import full_disk, is_full_disk

# Errors of file systems that cannot flush a folder (network drives, some FUSE mounts).
_CANNOT_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})

# Only an escape can stand for a surrogate.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@contextlib.contextmanager
def replacing(path: str | Path, *, needed: Callable[[], int] | None = None) -> Iterator[Path]:
    """Write a file atomically: a reader, also after a power cut, finds the old file or the new one.

    The block gets the path of a temporary file in the same folder. If the block succeeds, that file is flushed to the
    disk and renamed. The block should only write: its `OSError` is reported as a failure to write.

    Args:
        path: the file to write or replace; its folder exists.
        needed: counts the bytes to write; it is asked only where the disk is full.

    Raises:
        ResourceError: if the file cannot be written; an old file is unchanged.
    """
    path = Path(path)
    # The target's name is not part of it, because a longer name could exceed the limit of the file system.
    temporary = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        fsync_file(temporary)
        temporary.replace(path)
        fsync_folder(path.parent)
    except Exception as error:
        if is_full_disk(error):
            raise full_disk(path, needed=None if needed is None else needed()) from error
        if not isinstance(error, OSError):
            raise
        raise ResourceError(f"cannot be written: {error.strerror or error}", where=str(path)) from error
    finally:
        # After the rename there is nothing to remove.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text_atomically(path: str | Path, text: str) -> None:
    r"""Write a text atomically; see `replacing`.

    Args:
        path: the file to write or replace; its folder exists.
        text: written as UTF-8, with unchanged line ends (``\n`` stays ``\n`` on every platform).

    Raises:
        ResourceError: if the file cannot be written; an old file is unchanged.
    """
    data = text.encode("utf-8")
    with replacing(path, needed=lambda: len(data)) as temporary:
        temporary.write_bytes(data)


def write_json_atomically(path: str | Path, value: Any) -> None:
    """Write a value as readable JSON (UTF-8, two spaces, keys in the order given), atomically.

    Args:
        path: the file to write or replace; its folder exists.
        value: a value that `json.dumps` accepts, with finite numbers.

    Raises:
        ResourceError: if the file cannot be written.
        ValueError: if a number is NaN or infinite, which JSON does not have.
        TypeError: if a part of the value has no form in JSON.
    """
    write_text_atomically(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file in UTF-8.

    Raises:
        OSError: it cannot be read.
        ValueError: as `json_value`; or it is not UTF-8.
    """
    return json_value(Path(path).read_text(encoding="utf-8"))


def json_value(text: str, **settings: Any) -> Any:
    """Parse JSON whose texts can be shown and written again.

    Args:
        text: the JSON.
        settings: of `json.loads`.

    Raises:
        ValueError: it is not JSON, is nested too deeply, or has half a surrogate pair, which UTF-8 cannot hold.
    """
    try:
        value = json.loads(text, **settings)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if _SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def fsync_file(path: str | Path) -> None:
    """Flush a file's content to the disk.

    Raises:
        OSError: if the file does not exist, or the disk reports a fault.
    """
    # Windows flushes only files that are open for writing; elsewhere a read-only file can be flushed too.
    _fsync(Path(path), os.O_RDWR if os.name == "nt" else os.O_RDONLY)


def fsync_folder(path: str | Path) -> None:
    """Flush a folder's entries to the disk, so that a rename in it survives a power cut.

    It does nothing on Windows, which has no such call, and on network drives that refuse it.

    Raises:
        OSError: if the folder does not exist, or the disk reports a fault.
    """
    if os.name == "nt":
        return
    try:
        _fsync(Path(path), os.O_RDONLY)
    except OSError as error:
        if error.errno not in _CANNOT_FLUSH:
            raise


def sha256_file(path: str | Path) -> str:
    """Compute the SHA-256 of a file as 64 hex digits; it is read in blocks, so its size does not matter.

    Raises:
        OSError: if the file cannot be read.
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def meant_folder(folder: Path) -> str:
    """Suggest a sibling of a missing folder with nearly the same name, or return an empty text."""
    beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
    match = nearest(folder.name, [path.name for path in beside if path.is_dir()])
    return f" (did you mean {str(folder.with_name(match))!r}?)" if match is not None else ""
