"""The run folder: claimed by one process, resumable while unfinished, and whole under its final name.

Unfinished work lives beside the final folder under ``<name>.unfinished`` and is renamed when it is done, so
a reader never sees half a run (docs/design.md, section 4.4).
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from toolkit.errors import ResourceError
from toolkit.files import fsync_folder, read_json, write_json_atomically

TRIAL_FILE = "trial.json"
_IDENTITY = "identity.json"
_LOCK = "lock"
_OWNER = "owner.json"
_CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class RunIdentity:
    """The identity of a run: its resolved recipe, the rows that it reads, and the model that it begins with.

    Attributes:
        recipe_digest: sha256 of the recipe with every default filled in.
        data_digest: sha256 of the prepared rows.
        base_digest: sha256 of the files of the pretrained model; None: there is none, or it is not known.
        same_recipes: digests of other recipes that do the same; they are not written down.
    """

    recipe_digest: str
    data_digest: str
    base_digest: str | None = None
    same_recipes: frozenset[str] = frozenset()

    def written(self) -> dict[str, str | None]:
        """Return what an unfinished run keeps of its identity."""
        return {name: value for name, value in vars(self).items() if name != "same_recipes"}

    def differs_from(self, other: dict[str, Any]) -> str | None:
        """Return what is different about another run, in words, or None."""
        different = [] if other.get("recipe_digest") in {self.recipe_digest, *self.same_recipes} else ["its recipe"]
        different += [] if other.get("data_digest") == self.data_digest else ["its data"]
        base = other.get("base_digest")
        if None not in (base, self.base_digest) and base != self.base_digest:
            different.append("the files of its base model")
        return (
            " and ".join(different) + (" differs" if different in (["its recipe"], ["its data"]) else " differ")
            if different
            else None
        )


@dataclass(frozen=True)
class ClaimedRun:
    """A run folder that this process may write.

    Attributes:
        final: its name when it is done.
        work: where it is built; does not exist when `finished`.
        finished: the same run was finished before.
        lock: held until `publish`.
    """

    final: Path
    work: Path
    finished: bool
    lock: FileLock | None = None

    def publish(self) -> None:
        """Remove what only an unfinished run needs and give the folder its final name."""
        shutil.rmtree(self.work / _CHECKPOINTS, ignore_errors=True)
        for name in (_IDENTITY, _OWNER):
            (self.work / name).unlink(missing_ok=True)
        fsync_folder(self.work)
        replaced = self.final.with_name(f".{self.final.name}.replaced")
        if self.final.exists():
            shutil.rmtree(replaced, ignore_errors=True)
            self.final.rename(replaced)
        if self.lock is not None:
            self.lock.release()  # Windows renames no folder that holds an open file
        (self.work / _LOCK).unlink(missing_ok=True)
        self.work.rename(self.final)
        fsync_folder(self.final.parent)
        shutil.rmtree(replaced, ignore_errors=True)


@contextmanager
def claim_run(output_dir: Path, identity: RunIdentity, *, restart: bool = False) -> Iterator[ClaimedRun]:
    """Hold a run folder for this process alone.

    What is left of a run that failed before its first checkpoint is removed on the way out; everything else
    stays and is gone on with by the next claim with the same identity.

    Args:
        output_dir: the final folder; missing parents are made.
        identity: decides whether what is there is this run.
        restart: throw away an unfinished run, and replace a finished one once the new one is done.

    Raises:
        ResourceError: if something else stands under the name, another process works on it, or it cannot be
            written.
    """
    final = Path(output_dir).resolve()
    _require_unicode(final)
    work = final.with_name(f"{final.name}.unfinished")
    if _is_finished(final, identity, restart=restart):
        yield ClaimedRun(final, work, finished=True)
        return
    _refuse_foreign(work)
    made = _make_folder(work)
    lock = FileLock(work / _LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ResourceError(
            f"{_owner(work)} works on this run; wait for it, or choose another --output-dir",
            where=str(output_dir),
        ) from None
    try:
        if _is_finished(final, identity, restart=restart):  # another process finished it just now
            shutil.rmtree(work)
            yield ClaimedRun(final, work, finished=True)
            return
        _start_or_go_on(work, identity, restart=restart, where=str(output_dir))
        yield ClaimedRun(final, work, finished=False, lock=lock)
    finally:
        if work.is_dir() and not any((work / _CHECKPOINTS).glob("checkpoint-*")):
            shutil.rmtree(work, ignore_errors=True)
            _remove_empty(made)
        lock.release()


def _is_finished(final: Path, identity: RunIdentity, *, restart: bool) -> bool:
    """Return whether the run is there; refuse anything else under its name."""
    if not final.exists() or (final.is_dir() and not any(final.iterdir())):
        return False
    if not final.is_dir():
        raise ResourceError("this is a file, not a folder for a run; choose another --output-dir", where=str(final))
    try:
        trial = _read_object(final / TRIAL_FILE)
    except (OSError, ValueError):
        raise ResourceError(
            "the folder holds something else than a run; choose another --output-dir", where=str(final)
        ) from None
    if restart:
        return False
    different = identity.differs_from(trial)
    if different is not None:
        raise ResourceError(
            f"the folder holds another run ({different}); choose another --output-dir, or --restart to replace it",
            where=str(final),
        )
    return True


def _refuse_foreign(work: Path) -> None:
    """Refuse a folder that only has the name of an unfinished run: it would be taken over, or removed."""
    if not work.is_dir() or (work / _IDENTITY).is_file():
        return
    ours = {_LOCK, _OWNER}  # and hidden temporary files: what a kill in the first moments leaves
    if any(path.name not in ours and not path.name.startswith(".") for path in work.iterdir()):
        raise ResourceError("the folder is no unfinished run; choose another --output-dir", where=str(work))


def _make_folder(work: Path) -> list[Path]:
    """Make the work folder and its parents; returns what was made, deepest first."""
    missing = [folder for folder in (work, *work.parents) if not folder.exists()]
    try:
        work.mkdir(parents=True, exist_ok=True)
        (work / _LOCK).touch()
    except OSError as error:
        _remove_empty(missing)
        raise ResourceError(
            f"the folder cannot be written ({error.strerror}); choose another --output-dir",
            where=str(work.with_name(work.name.removesuffix(".unfinished"))),
        ) from error
    return missing


def _start_or_go_on(work: Path, identity: RunIdentity, *, restart: bool, where: str) -> None:
    file = work / _IDENTITY
    if restart:
        for path in work.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()
    elif file.exists():
        try:
            different = identity.differs_from(_read_object(file))
        except (OSError, ValueError):
            different = f"its {file.name} is damaged"
        if different is not None:
            raise ResourceError(
                f"an unfinished run stands under this name and {different}; --restart throws it away, "
                "or choose another --output-dir",
                where=where,
            )
    write_json_atomically(file, identity.written())
    write_json_atomically(work / _OWNER, {"pid": os.getpid(), "host": socket.gethostname()})


def _read_object(file: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds something else.
    """
    value = read_json(file)
    if not isinstance(value, dict):
        raise ValueError("it holds no object")
    return value


def _require_unicode(folder: Path) -> None:
    """Refuse a folder that the library of tokenizers cannot write into, before any work is done."""
    try:
        str(folder).encode("utf-8")
    except UnicodeEncodeError:
        message = "the name of this folder is not UTF-8; choose another --output-dir, or rename the folder"
        raise ResourceError(message, where=str(folder)) from None


def _owner(work: Path) -> str:
    try:
        owner = read_json(work / _OWNER)
        return f"process {owner['pid']} on {owner['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders that are there, deepest first, up to the first that holds something."""
    for folder in folders:
        try:
            folder.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return
