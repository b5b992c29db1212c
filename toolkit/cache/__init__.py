"""The cache folder, digests of files that are computed once, and answers of libraries that are asked once."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, ParamSpec

from platformdirs import user_cache_dir

from toolkit.errors import ResourceError
from toolkit.files import sha256_file, write_text_atomically
from toolkit.progress import warn

_NAME = "transfer-toolkit"
_HOUR = 3600
_LIBRARIES = ("torch", "transformers", "peft")

_not_writable: set[Path] = set()

Asked = ParamSpec("Asked")


def cache_folder() -> Path:
    """Return the toolkit's folder below ``XDG_CACHE_HOME``, or below the platform's cache folder."""
    named = os.environ.get("XDG_CACHE_HOME")
    return Path(named, _NAME) if named else Path(user_cache_dir(_NAME, appauthor=False))


@contextlib.contextmanager
def keeping(what: str) -> Iterator[None]:
    """Write to the cache; where that is impossible go on without, and say so once.

    Args:
        what: is kept there, in the plural.
    """
    try:
        yield
    except (OSError, ResourceError) as error:
        if cache_folder() not in _not_writable:
            _not_writable.add(cache_folder())
            fix = "set XDG_CACHE_HOME to a folder that can be written"
            warn(f"{what} are not kept, and are computed again each time: {error}; {fix}")


def was_used(file: Path) -> None:
    """Give a file of the cache the time of now, once an hour: what was used longest ago is removed first."""
    with contextlib.suppress(OSError):
        if time.time() - file.stat().st_mtime > _HOUR:
            os.utime(file)


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
            was_used(note)
            return known
    digest = sha256_file(path)
    with keeping("digests of files"):
        note.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(note, digest)
    return digest


def kept_answer(ask: Callable[Asked, Any]) -> Callable[Asked, Any]:
    """Keep what a function answers about the installed libraries, so that no later process has to import them for it.

    An answer holds for the libraries' files and for the toolkit's as they are. What the function raises is not kept.

    Args:
        ask: takes and returns what JSON holds.
    """

    @functools.wraps(ask)
    def kept(*arguments: Asked.args, **named: Asked.kwargs) -> Any:
        key = json.dumps([_installed(), ask.__module__, ask.__qualname__, arguments, named], sort_keys=True)
        note = cache_folder() / "answers" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        with contextlib.suppress(OSError, ValueError, KeyError):
            known = json.loads(note.read_text(encoding="utf-8"))["answer"]
            was_used(note)
            return known
        answer = ask(*arguments, **named)
        with keeping("answers of the libraries"):
            note.parent.mkdir(parents=True, exist_ok=True)
            write_text_atomically(note, json.dumps({"answer": answer}))
        return answer

    return kept


@functools.cache
def _installed() -> list[Any]:
    """Return what changes whenever a library or the toolkit is installed anew, or edited in its place."""
    files = [Path(found.origin) for name in _LIBRARIES if (found := PathFinder.find_spec(name)) and found.origin]
    here = Path(__file__).parent.parent
    files += sorted(file for folder in ("recipe", "transformer") for file in (here / folder).glob("*.py"))
    facts = [(str(file), (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files]
    return [sys.version_info[:3], facts]
