"""The cache of models that are made from other files; a model in it is complete or absent, also after a crash.

They are kept in the toolkit's cache folder (docs/design.md, section 4.1). A model that is missing or damaged is made
again, so the folder may be deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from toolkit.adapters.json_files import read_object
from toolkit.cache import cache_folder, was_used
from toolkit.cache.entries import MODELS, hold
from toolkit.cache.limit import written
from toolkit.errors import ResourceError
from toolkit.files import fsync_file, fsync_folder, write_json_atomically
from toolkit.progress import say
from toolkit.shortage import full_disk, is_full_disk

_SIZES = "toolkit-cache.json"


def made_once(name: str, make: Callable[[Path], None], *, doing: str) -> Path:
    """Return the folder of a model that is made from other files; make it if it is missing or incomplete.

    If two processes need the same model, one makes it and the other waits.

    Args:
        name: of the folder; contains the digest of the files that the model is made from.
        make: writes the model's files into an empty folder.
        doing: the action of `make` in words, for the line that the user reads.

    Raises:
        ResourceError: if the cache folder cannot be written, or the disk is full.
    """
    folder = cache_folder() / MODELS / name
    hold(folder)
    if _is_whole(folder):
        was_used(folder / _SIZES)
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f"{name}.lock"))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            say(f"another process is {doing}; waiting for it")
            lock.acquire()
        try:
            if not _is_whole(folder):  # the other process may have made it
                say(f"{doing} (once; kept in {folder})")
                hold(folder)
                _make(folder, make)
                written(sum(path.stat().st_size for path in _files_of(folder)))
        finally:
            lock.release()
    except ResourceError:
        raise
    except Exception as error:
        if is_full_disk(error):
            raise full_disk(folder, fix="make room, or set XDG_CACHE_HOME to a folder with room") from error
        if not isinstance(error, OSError):
            raise
        reason = error.strerror or error
        raise ResourceError(
            f"the model's files cannot be written ({reason}); set XDG_CACHE_HOME to a folder with room",
            where=str(folder),
        ) from error
    return folder


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    for leftover in (unfinished, folder):  # of a process that was killed, or damaged
        if leftover.exists():
            shutil.rmtree(leftover)
    unfinished.mkdir()
    try:
        make(unfinished)
        sizes = {path.relative_to(unfinished).as_posix(): path.stat().st_size for path in _files_of(unfinished)}
        write_json_atomically(unfinished / _SIZES, sizes)
        for path in _files_of(unfinished):
            fsync_file(path)
        fsync_folder(unfinished)
        unfinished.rename(folder)
        fsync_folder(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _is_whole(folder: Path) -> bool:
    """Return True if every file exists with the size it was written with; their list is written last."""
    try:
        sizes = read_object(folder / _SIZES)
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False
