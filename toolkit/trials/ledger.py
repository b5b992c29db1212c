"""The ledger: one JSON line a trial, added at the end and never changed.

Several processes may add at once: a lock file beside the ledger lets one in at a time. A line that a power cut
tore stays torn, but damages nothing else: the next trial starts on a line of its own, and reading skips it.
"""

from __future__ import annotations

import json
import os
import platform
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from toolkit.errors import RecipeError, ResourceError, explain
from toolkit.files import fsync_folder
from toolkit.run_result import Environment
from toolkit.shortage import full_disk, is_full_disk

SCHEMA = 1
FINISHED = ("done", "degenerate")
"""The statuses of a trial with a result; a degenerate one has learnt nothing."""

STATUSES = (*FINISHED, "failed", "interrupted")

_LOCK_SECONDS = 60.0
_OPTIONAL = frozenset({"learnt_from"})  # keys that earlier versions did not write
_PACKAGES = (
    "transfer-toolkit", "torch", "transformers", "tokenizers", "datasets", "evaluate", "accelerate", "peft",
    "safetensors", "huggingface_hub", "numpy", "scikit-learn",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One try of a recipe: its result, its cost, and why it was made.

    Attributes:
        schema: of this record.
        id: 12 hex digits.
        parent: the latest earlier trial in the ledger of a recipe with the same name; set when it is added.
        time: of the record, UTC, ISO 8601.
        status: one of `STATUSES`.
        recipe: its name.
        recipe_digest: of the resolved recipe.
        data_digest: of the rows; None if they were not read.
        task, family, model, method: as in docs/design.md, section 2; family is None if the model was not opened.
        seed: of the run.
        output_dir: the run folder.
        metrics: those of the test split, as in metrics.json; None without a result.
        learnt_from: test rows that the model has learnt from, as in metrics.json; None, and not written, without such
            rows.
        cost: seconds, bytes.
        environment: see `environment`.
        error: ``{"code", "message"}`` of a trial that was not done.
        note: the recipe's.
    """

    schema: int
    id: str
    time: str
    status: str
    recipe: str
    recipe_digest: str
    data_digest: str | None
    task: str
    model: str
    method: str
    seed: int
    output_dir: str
    environment: dict[str, Any]
    parent: str | None = None
    family: str | None = None
    metrics: dict[str, Any] | None = None
    cost: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    note: str | None = None
    learnt_from: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return its line of the ledger."""
        values = asdict(self)
        return {name: value for name, value in values.items() if name not in _OPTIONAL or value is not None}


def new_trial(*, status: str, **facts: Any) -> Trial:
    """Return a trial that ends now, in this environment, under a new id.

    Args:
        status: one of `STATUSES`.
        facts: the other fields of `Trial` but ``schema``, ``id``, ``time`` and ``environment``.

    Raises:
        ValueError: there is no such status.
    """
    if status not in STATUSES:
        raise ValueError(explain(f"unknown status {status!r}", allowed=STATUSES, name=status))
    return Trial(
        schema=SCHEMA,
        id=uuid.uuid4().hex[:12],
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        status=status,
        environment=environment().to_json(),
        **facts,
    )


def append_trial(path: str | Path, trial: Trial) -> Trial:
    """Add a trial at the end of the ledger; it is on the disk when this returns.

    Args:
        path: the ledger; it and its folders are created if they are not there.
        trial: without a parent.

    Returns:
        The trial as it stands in the ledger, with its parent.

    Raises:
        ResourceError: the ledger cannot be written, or others hold its lock for a minute.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=_LOCK_SECONDS):
            earlier = [other.id for other in read_trials(path)[0] if other.recipe == trial.recipe]
            trial = replace(trial, parent=earlier[-1] if earlier else None)
            _append_line(path, json.dumps(trial.to_json(), ensure_ascii=False, allow_nan=False))
    except Timeout as error:
        raise ResourceError(
            f"other processes have held the ledger's lock for {_LOCK_SECONDS:.0f} s; end them or wait",
            where=str(path),
        ) from error
    except OSError as error:
        if is_full_disk(error):
            raise full_disk(path) from error
        raise ResourceError(f"the ledger cannot be written: {error.strerror or error}", where=str(path)) from error
    return trial


def read_trials(path: str | Path) -> tuple[list[Trial], list[str]]:
    """Read all trials in the order in which they were added; none where there is no ledger yet.

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
    read = {number: _parse(line) for number, line in enumerate(lines, start=1) if line.strip()}
    torn = [str(number) for number, trial in read.items() if trial is None]
    warnings = []
    if torn:
        listed = ", ".join(torn[:10]) + (" …" if len(torn) > 10 else "")
        warnings.append(f"{path}: skipped what is not a whole trial ({len(torn)}), on line {listed}")
    return [trial for trial in read.values() if trial is not None], warnings


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
    header = ["id", "time (UTC)", "status", "recipe", "model", "method", "seed", "result", "seconds"]
    return [header, *(_row(trial) for trial in trials)]


def environment() -> Environment:
    """Describe software and hardware; nothing names the machine or its user."""
    import torch

    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        packages={name: version for name in _PACKAGES if (version := _version(name)) is not None},
        device=torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        cpu_count=os.cpu_count(),
        threads=torch.get_num_threads(),
    )


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


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


def _parse(line: bytes) -> Trial | None:
    """Read a trial from its line; return None for anything else, records of other schemas included."""
    try:
        values = json.loads(line.decode("utf-8"))
        json.dumps(values, allow_nan=False)  # 1e999 is read as infinity, which nothing shows
    except (ValueError, RecursionError):
        return None
    known = {entry.name for entry in fields(Trial)}
    if not isinstance(values, dict) or values.keys() | _OPTIONAL != known or values["schema"] != SCHEMA:
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
