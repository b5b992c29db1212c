"""Checkpoints that are used only if they are complete.

A checkpoint folder is complete if it holds ``COMPLETE.json``, which is written last and by rename, with the size and
sha256 of every other file. A folder that was damaged by a kill, a full disk or a flipped bit fails this test. It is
renamed to ``quarantine-…``, and the checkpoint before it is used. torch.distributed.checkpoint writes a marker last,
too.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import Fault, IntegrityError
from toolkit.files import fsync_file, fsync_folder, read_json, sha256_file, write_json_atomically
from toolkit.progress import warn

CHECKPOINTS = "checkpoints"
"""The folder of a run's unfinished work."""

MARKER = "COMPLETE.json"
SCHEMA = 2  # of the marker and of the info of `seal`; a run does not go on from another one
PREFIX = "checkpoint-"
BEST_PREFIX = "best-"
KEPT = 2
GO_ON = "make room and run the same command again, which goes on from the last checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint.

    Attributes:
        folder: of its files.
        step: optimizer updates done when it was written.
        info: the facts that were given to `seal`.
    """

    folder: Path
    step: int
    info: dict[str, Any]


def seal(folder: Path, info: dict[str, Any]) -> None:
    """Mark a folder as complete: flush every file to the disk, then write the marker.

    Args:
        folder: with all its files; nothing is added later.
        info: facts to read back from `Checkpoint.info`, of types that JSON has.
    """
    files = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        fsync_file(file)
        files[file.relative_to(folder).as_posix()] = {
            "bytes": file.stat().st_size,
            "sha256": sha256_file(file),
        }
    fsync_folder(folder)
    write_json_atomically(folder / MARKER, {"schema": SCHEMA, "info": info, "files": files})
    fsync_folder(folder.parent)


def damage(folder: Path) -> str | None:
    """Return the damage of a sealed folder in words; None if it is complete."""
    try:
        marker = read_json(folder / MARKER)
        expected, schema = marker["files"], marker["schema"]
    except FileNotFoundError:
        return f"it has no {MARKER}: writing it was cut off"
    except (OSError, ValueError, KeyError, TypeError):
        return f"{MARKER} is damaged"
    if schema != SCHEMA:
        return f"it was written by another version of the toolkit (schema {schema}, not {SCHEMA})"
    for name, fact in expected.items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if file.stat().st_size != fact["bytes"]:
            return f"{name} has {file.stat().st_size} bytes instead of {fact['bytes']}"
        if sha256_file(file) != fact["sha256"]:
            return f"{name} has another content than when it was written"
    return None


def newest_whole(root: Path) -> Checkpoint | None:
    """Return the complete checkpoint of the latest step; damaged later ones are renamed.

    A checkpoint also needs the weights of the evaluations that its info lists under ``kept_steps``. Checkpoints that
    were never complete count for nothing: the first of a run may be cut off.

    Raises:
        IntegrityError: all checkpoints that were complete are damaged; nothing is renamed.
    """
    wrong: dict[Path, str] = {}
    whole = None
    for step, folder in sorted(_steps(root, PREFIX), reverse=True):
        found = damage(folder) or _damage_of_kept(folder)
        if found is None:
            whole = Checkpoint(folder, step, _info(folder))
            break
        wrong[folder] = found
    if whole is None:
        damaged = [Fault(found, str(folder)) for folder, found in wrong.items() if (folder / MARKER).exists()]
        if damaged:
            fix = "no checkpoint of this run is whole; --restart begins it again"
            raise IntegrityError(*damaged, Fault(fix, str(root)))
    for folder, found in wrong.items():
        warn(f"checkpoint at step {folder.name.removeprefix(PREFIX)} is set aside: {found}")
        _quarantine(folder)
    return whole


def _info(folder: Path) -> dict[str, Any]:
    info: dict[str, Any] = read_json(folder / MARKER)["info"]
    return info


def _damage_of_kept(folder: Path) -> str | None:
    """Return the damage of the weights that a complete checkpoint goes back to, in words."""
    kept = [folder.with_name(f"{BEST_PREFIX}{step}") for step in _info(folder).get("kept_steps", [])]
    unusable = [f"{best.name}: {found}" for best in kept if (found := damage(best)) is not None]
    return f"the weights that it goes back to cannot be used ({'; '.join(unusable)})" if unusable else None


def rotate(root: Path, *, keep: int = KEPT) -> None:
    """Delete all but the newest checkpoints, and weights of evaluations that no kept checkpoint needs."""
    by_age = sorted(_steps(root, PREFIX), reverse=True)
    for _, folder in by_age[keep:]:
        # The marker is deleted first: an interrupted deletion must not leave a folder that looks complete.
        (folder / MARKER).unlink(missing_ok=True)
        shutil.rmtree(folder)
    wanted: set[int] = set()
    for _, folder in by_age[:keep]:
        wanted.update(_info(folder).get("kept_steps", []))
    for step, folder in _steps(root, BEST_PREFIX):
        if step not in wanted:
            (folder / MARKER).unlink(missing_ok=True)
            shutil.rmtree(folder)


def _steps(root: Path, prefix: str) -> list[tuple[int, Path]]:
    numbered = []
    for folder in root.glob(f"{prefix}*"):
        number = folder.name.removeprefix(prefix)
        if number.isdigit() and folder.is_dir():
            numbered.append((int(number), folder))
    return numbered


def _quarantine(folder: Path) -> None:
    target = folder.with_name(f"quarantine-{folder.name}")
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)
