"""The ledger: one JSON line a trial, added at the end and never changed.

Several processes may add at once: a lock file beside the ledger lets one in at a time. A line that a power cut
tore stays torn, but damages nothing else: the next trial starts on a line of its own, and reading skips it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from toolkit.errors import RecipeError, ResourceError, explain
from toolkit.files import fsync_folder, replacing
from toolkit.progress import warn
from toolkit.shortage import full_disk, is_full_disk
from toolkit.trials.kin import nearest_trial
from toolkit.trials.running import killed_trials, let_go
from toolkit.trials.trial import OPTIONAL, SCHEMA, STATUSES, Trial
from toolkit.wording import shortened

_LOCK_SECONDS = 60.0
_LONGEST_LINE = 2**24
_LESSON_KEYS = {"schema", "note_of", "time", "lesson"}


def append_trial(path: str | Path, trial: Trial) -> Trial:
    """Add a trial at the end of the ledger; it is on the disk when this returns.

    Trials that were killed since are added before it, and a line that a crash has cut goes to a file of its own.

    Args:
        path: the ledger; it and its folders are created if they are not there.
        trial: without a parent, unless one was named.

    Returns:
        The trial as it stands in the ledger, with its parent.

    Raises:
        ResourceError: the ledger cannot be written, or others hold its lock for a minute.
    """
    path = Path(path)
    with _locked(path):
        trials = _settled(path)
        return _added(path, trial, trials)


def settle_ledger(path: str | Path) -> None:
    """Add the trials that were killed since, if there are any.

    Raises:
        ResourceError: as of `append_trial`.
    """
    path = Path(path)
    if killed_trials(path):
        with _locked(path):
            _settled(path)


def append_lesson(path: str | Path, trial: Trial, lesson: str) -> None:
    """Note what was learnt of a trial, as a line of its own: lines are never changed.

    Raises:
        ResourceError: as of `append_trial`.
    """
    path = Path(path)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    note = {"schema": SCHEMA, "note_of": trial.id, "time": time, "lesson": lesson}
    with _locked(path):
        _settled(path)
        _append_line(path, json.dumps(note, ensure_ascii=False))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of the ledger, and word what goes wrong with its file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise ResourceError(
            f"other processes have held the ledger's lock for {_LOCK_SECONDS:.0f} s; end them or wait",
            where=str(path),
        ) from error
    except OSError as error:
        if is_full_disk(error):
            raise full_disk(path) from error
        raise ResourceError(f"the ledger cannot be written: {error.strerror or error}", where=str(path)) from error


def _settled(path: Path) -> list[Trial]:
    """Mend the ledger and add the trials that were killed; return all trials. The lock is held."""
    mend_torn_lines(path)
    trials = read_trials(path)[0]
    known = {trial.id for trial in trials}
    for mark, killed in killed_trials(path).items():
        if killed.id not in known:  # else it was killed between its line and its end
            trials.append(_added(path, killed, trials))
        let_go(mark)
    return trials


def _added(path: Path, trial: Trial, earlier: Sequence[Trial]) -> Trial:
    if trial.parent is None:
        trial = replace(trial, parent=nearest_trial(trial, earlier))
    _append_line(path, json.dumps(trial.to_json(), ensure_ascii=False, allow_nan=False))
    return trial


def mend_torn_lines(path: Path) -> None:
    """Move lines that a crash has cut from the ledger to ``<ledger>.torn``, and tell it. The lock is held."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    torn = [line for line in lines if _is_torn(line)]
    if not torn:
        return
    aside = path.with_name(f"{path.name}.torn")
    with aside.open("ab") as stream:
        stream.write(b"".join(line + b"\n" for line in torn))
        stream.flush()
        os.fsync(stream.fileno())
    with replacing(path) as temporary:
        temporary.write_bytes(b"\n".join(line for line in lines if not _is_torn(line)))
    warn(f"{path}: what a crash had cut ({len(torn)}) is now in {aside.name}")


def _is_torn(line: bytes) -> bool:
    """Return whether a line is the beginning of a record; what never was one is left where it is."""
    line = line.strip(b"\x00\r ")
    if not line.startswith(b'{"schema": ') or len(line) > _LONGEST_LINE:
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def read_trials(path: str | Path) -> tuple[list[Trial], list[str]]:
    """Read all trials in the order in which they were added, with their lessons; none where there is no ledger yet.

    Returns:
        The trials, and a warning that counts and names the lines that hold none, if any do.

    Raises:
        ResourceError: the ledger cannot be read.
    """
    path = Path(path)
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise ResourceError(f"the ledger cannot be read: {error.strerror or error}", where=str(path)) from error
    lessons: dict[str, list[str]] = {}
    read = {number: _parse(line, lessons) for number, line in enumerate(lines, start=1) if line.strip()}
    torn = [str(number) for number, trial in read.items() if trial is None]
    warnings = []
    if torn:
        listed = ", ".join(torn[:10]) + (" …" if len(torn) > 10 else "")
        warnings.append(f"{path}: skipped what is not a whole trial ({len(torn)}), on line {listed}")
    trials = [trial for trial in read.values() if isinstance(trial, Trial)]
    return [replace(each, lessons=tuple(lessons[each.id])) if each.id in lessons else each for each in trials], warnings


def find_trial(trials: Sequence[Trial], id_or_prefix: str) -> Trial:
    """Return the trial with this id, or the only one whose id begins with it.

    Raises:
        RecipeError: no trial has such an id, or several do.
    """
    found = [trial for trial in trials if trial.id.startswith(id_or_prefix)]
    if len(found) == 1:
        return found[0]
    ids = tuple(trial.id for trial in found or reversed(trials))
    if found:
        raise RecipeError(explain(f"{len(found)} trials begin with {id_or_prefix!r}", allowed=ids))
    if not trials:
        raise RecipeError(f"there is no trial {id_or_prefix!r}: the ledger is empty")
    raise RecipeError(explain(f"there is no trial {id_or_prefix!r}", allowed=ids, name=id_or_prefix))


def trial_rows(trials: Sequence[Trial]) -> list[list[str]]:
    """Return a header and one row for each trial; the result is the first metric."""
    header = [
        "id",
        "time (UTC)",
        "status",
        "recipe",
        "model",
        "method",
        "seed",
        "result",
        "seconds",
        "hypothesis",
        "lesson",
    ]
    return [header, *(_row(trial) for trial in trials)]


def _append_line(path: Path, line: str) -> None:
    # A path that is not UTF-8 reaches Python with lone surrogates; as \udc.. they are JSON and come back.
    record = line.encode("utf-8", errors="backslashreplace") + b"\n"
    with path.open("a+b") as stream:
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                record = b"\n" + record
        stream.write(record)
        stream.flush()
        os.fsync(stream.fileno())
    fsync_folder(path.parent)


def _parse(line: bytes, lessons: dict[str, list[str]]) -> Trial | str | None:
    """Read a trial from its line; return None for anything else, records of other schemas included.

    Args:
        line: of the ledger.
        lessons: by the trial; a line that notes one adds it, and its trial's id is returned.
    """
    try:
        values = json.loads(line.decode("utf-8"))
        json.dumps(values, allow_nan=False)  # 1e999 is read as infinity, which nothing shows
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        return None
    if values.keys() == _LESSON_KEYS and all(isinstance(values[key], str) for key in ("note_of", "lesson")):
        lessons.setdefault(values["note_of"], []).append(values["lesson"])
        return str(values["note_of"])
    return trial_from(values)


def trial_from(values: Mapping[str, Any]) -> Trial | None:
    """Return the trial of its values; None where they are no trial's."""
    known = {entry.name for entry in fields(Trial)}
    if values.keys() | OPTIONAL != known or values["schema"] != SCHEMA:
        return None
    trial = Trial(**values)
    return trial if trial.status in STATUSES and isinstance(trial.id, str) and _can_be_shown(trial) else None


def _can_be_shown(trial: Trial) -> bool:
    """Return whether the values of a trial are of the types that its row needs; a damaged line has others."""
    try:
        return all(isinstance(cell, str) for cell in _row(trial))
    except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
        return False


def _row(trial: Trial) -> list[str]:
    status = trial.status if trial.error is None else f"{trial.status} ({trial.error['code']})"
    seconds = trial.cost.get("train_seconds", trial.cost.get("seconds"))
    return [
        trial.id,
        trial.time[:16].replace("T", " "),
        status,
        trial.recipe,
        trial.model,
        trial.method,
        str(trial.seed),
        _result(trial),
        "" if seconds is None else f"{seconds:.0f}",
        shortened(trial.note or ""),
        shortened("; ".join(trial.lessons)),
    ]


def _result(trial: Trial) -> str:
    """Return the first metric; after it the same without rows that the model has learnt from."""
    if trial.learnt_from is None:
        return _first(trial.metrics)
    others = _first(trial.learnt_from["without"].get("metrics"))
    without = f"{others} without" if others else "nothing else measured"
    return f"{_first(trial.metrics)} ({trial.learnt_from['rows']:,} test rows learnt from; {without})"


def _first(metrics: Mapping[str, Any] | None) -> str:
    for name, entry in (metrics or {}).items():
        value = entry["value"]
        return f"{name} undefined" if value is None else f"{name} {value:.3f}"
    return ""
