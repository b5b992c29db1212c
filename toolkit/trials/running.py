"""Trials under way, so that one whose process was killed is found afterwards.

Beside the ledger each has a hidden file with what is known of it, and a lock that its process holds as long as it
lives. The system takes the lock from a process that dies, however it dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from glob import escape
from pathlib import Path

from filelock import FileLock, Timeout

from toolkit.errors import ResourceError
from toolkit.files import read_json, write_json_atomically
from toolkit.shortage import full_disk, is_full_disk
from toolkit.trials.trial import Trial

_MARK = ".running"
KILLED = {"code": 137, "message": "its process ended without a word: it was killed, or the machine stopped"}


@contextmanager
def under_way(ledger: Path, trial: Trial) -> Iterator[None]:
    """Leave a mark of a trial as long as the block runs.

    Args:
        ledger: the file of all trials.
        trial: as it would stand in the ledger if this process died.

    Raises:
        ResourceError: nothing can be written beside the ledger.
    """
    mark = ledger.with_name(f".{ledger.name}.{trial.id}{_MARK}")
    made = not ledger.parent.exists()
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{mark}.lock")
        lock.acquire()
        write_json_atomically(mark, trial.to_json())
    except OSError as error:
        if is_full_disk(error):
            raise full_disk(ledger) from error
        raise ResourceError(f"the ledger cannot be written: {error.strerror or error}", where=str(ledger)) from error
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)
        lock.release()
        _remove_lock(mark)
        if made:
            with suppress(OSError):  # it holds something by now
                ledger.parent.rmdir()


def killed_trials(ledger: Path) -> dict[Path, Trial]:
    """Return the trials whose process has died, by their marks, in the order in which they began."""
    marks = ledger.parent.glob(f".{escape(ledger.name)}.*{_MARK}")
    found = {mark: trial for mark in marks if (trial := _dead(mark)) is not None}
    return dict(sorted(found.items(), key=lambda each: each[1].time))


def forget_killed(ledger: Path, *, since: float) -> None:
    """Remove the marks of trials whose process has died, where what ended it is told by another trial.

    Args:
        ledger: the file of all trials.
        since: time by `time.time`; older marks stay.
    """
    for mark in killed_trials(ledger):
        with suppress(FileNotFoundError):
            if mark.stat().st_mtime >= since:
                let_go(mark)


def let_go(mark: Path) -> None:
    """Remove the mark of a trial whose process has died."""
    mark.unlink(missing_ok=True)
    _remove_lock(mark)


def _dead(mark: Path) -> Trial | None:
    """Return the trial of a mark, as killed; None where its process lives, or the mark was cut by its death."""
    try:
        with FileLock(f"{mark}.lock", blocking=False):
            values = read_json(mark)
            return replace(Trial(**values), status="killed", error=dict(KILLED))
    except Timeout:
        return None
    except (OSError, ValueError, TypeError):
        return None


def _remove_lock(mark: Path) -> None:
    with suppress(OSError):  # another process just looks whether this one lives
        Path(f"{mark}.lock").unlink(missing_ok=True)
