"""What the cache folder holds: found by a walk, removed file by file or model by model."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.cache import cache_folder
from toolkit.errors import Fault, RecipeError, explain

MODELS = "models"
PURPOSES = {
    MODELS: "models made from other files: converted from GGUF, or warm-started",
    "features": "outputs of frozen bodies, a vector a text",
    "baselines": "predictions of the baselines that every run is compared with",
    "digests": "SHA-256 of files, by their size and time",
    "answers": "what the installed libraries allow, so that they need not be imported",
}
"""What each folder of the cache is for."""

_MARK = ".used-by-"


@dataclass(frozen=True)
class Entry:
    """A part of the cache that is removed as a whole: a model's folder, or a file.

    Attributes:
        path: of it.
        kind: the folder of the cache that it is in.
        n_bytes: its size.
        used: when it was used last, in seconds since 1970.
    """

    path: Path
    kind: str
    n_bytes: int
    used: float

    @property
    def purpose(self) -> str:
        """Return what it is for."""
        return PURPOSES.get(self.kind, "of another version of the toolkit")

    def to_json(self) -> dict[str, Any]:
        """Return the attributes by their names."""
        return {"path": str(self.path), "kind": self.kind, "bytes": self.n_bytes, "used": round(self.used)}


def entries() -> list[Entry]:
    """Return what the cache holds, what was used longest ago first; what vanishes meanwhile is left out."""
    root = cache_folder()
    found = []
    for kind in _names(root):
        places = [root / kind / name for name in _names(root / kind)] if kind == MODELS else _files(root / kind)
        for place in places:
            if place.suffix == ".lock" or _MARK in place.name:
                continue  # other processes may wait for it
            facts = [fact for file in _files(place) if (fact := _fact(file)) is not None]
            if facts:
                found.append(Entry(place, kind, sum(size for size, _ in facts), max(time for _, time in facts)))
    return sorted(found, key=lambda entry: entry.used)


def remove(chosen: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Remove parts of the cache; return those that went, and those that a living process uses or that cannot go.

    Readers find a whole file or none, and compute again what is none. A model that another process has opened stays,
    because it is several files, which are read one after the other.
    """
    went: list[Entry] = []
    stayed: list[Entry] = []
    for entry in chosen:
        (stayed if _is_used(entry.path) or not _removed(entry.path) else went).append(entry)
    return went, stayed


def clear(kinds: Sequence[str] = ()) -> tuple[list[Entry], list[Entry]]:
    """Remove all of some kinds; see `remove`.

    Args:
        kinds: folders of the cache; none is all.

    Raises:
        RecipeError: there is no such kind.
    """
    found = entries()
    allowed = sorted({*PURPOSES, *(entry.kind for entry in found)})
    faults = [
        Fault(explain(f"found {kind!r}", allowed=allowed, name=kind), "KIND") for kind in kinds if kind not in allowed
    ]
    if faults:
        raise RecipeError(*faults)
    return remove(entry for entry in found if not kinds or entry.kind in kinds)


def hold(model: Path) -> None:
    """Keep a model of the cache from being removed while this process lives.

    Args:
        model: its folder.
    """
    try:
        model.with_name(f"{model.name}{_MARK}{os.getpid()}").touch()
    except OSError:  # of a cache that cannot be written, from which nothing can be removed either
        return


def _is_used(path: Path) -> bool:
    """Return whether a living process has claimed a model; claims of dead ones are removed."""
    import psutil

    used = False
    for mark in path.parent.glob(f"{_escaped(path.name)}{_MARK}*"):
        process = mark.name.rpartition(_MARK)[2]
        if process.isdigit() and psutil.pid_exists(int(process)):
            used = True
        else:
            mark.unlink(missing_ok=True)
    return used


def _removed(path: Path) -> bool:
    """Remove a file or a folder; a folder is renamed first, so that nobody finds half of it."""
    try:
        if path.is_dir():
            gone = path.with_name(f".{uuid.uuid4().hex}.tmp")
            path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _escaped(name: str) -> str:
    return name.replace("[", "[[]")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return [Path(folder, name) for folder, _, names in os.walk(place) for name in sorted(names)]


def _fact(file: Path) -> tuple[int, float] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime
