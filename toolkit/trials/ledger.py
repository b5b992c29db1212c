"""The ledger: one line of JSON for each trial, only ever added to.

It is safe with several processes (a lock beside it) and against power cuts: every line is flushed to the disk,
and a torn last line damages only itself.
"""

from __future__ import annotations

import json
import os
import platform
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from toolkit.errors import RecipeError, ResourceError, explain

SCHEMA = 1
Status = Literal["done", "failed", "interrupted"]
PACKAGES = (
    "accelerate",
    "datasets",
    "evaluate",
    "peft",
    "tokenizers",
    "torch",
    "transformers",
    "transfer-toolkit",
)


@dataclass(frozen=True)
class Trial:
    """One attempt, whatever became of it.

    Attributes:
        id: twelve hexadecimal digits.
        parent: the latest earlier trial of the same recipe name, or None.
        time: when it ended, UTC, ISO 8601.
        status: what became of it.
        recipe: the recipe's name.
        recipe_digest, data_digest: sha256 of what was run and of the rows.
        task, family, model, method, seed: what was tried; the family is None until the model was open.
        output_dir: the run folder.
        metrics: of the test split, as in ``metrics.json``; None if it was not reached.
        cost: figures whose names end in their units.
        environment: versions and machine.
        error: ``{"code", "message"}`` of a failure or interruption.
        note: the recipe's.
    """

    id: str
    parent: str | None
    time: str
    status: Status
    recipe: str
    recipe_digest: str
    data_digest: str
    task: str
    family: str | None
    model: str
    method: str
    seed: int
    output_dir: str
    metrics: Mapping[str, Any] | None
    cost: Mapping[str, Any]
    environment: Mapping[str, Any]
    error: Mapping[str, Any] | None
    note: str | None
    schema: int = SCHEMA


def new_trial(**facts: Any) -> Trial:
    """A trial that ended just now on this machine; what is not given is None."""
    given = {field.name: facts.get(field.name) for field in fields(Trial) if field.name != "schema"}
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return Trial(**{**given, "id": uuid.uuid4().hex[:12], "time": stamp, "environment": environment()})  # type: ignore[arg-type]


def environment() -> dict[str, Any]:
    """What a result may depend on beside recipe and data: versions and processor."""
    import torch

    installed = {package: _version(package) for package in PACKAGES}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "packages": {package: version for package, version in installed.items() if version is not None},
    }


def append_trial(path: Path, trial: Trial) -> None:
    """Add a trial as the last line.

    Args:
        path: the ledger; made with its folder if it is not there.
        trial: what to add.

    Raises:
        ResourceError: if the ledger cannot be written.
    """
    line = json.dumps(asdict(trial), ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")), path.open("ab+") as ledger:
            if ledger.tell() and not _ends_with_newline(path):
                ledger.write(b"\n")  # what a power cut tore stays by itself
            ledger.write(line + b"\n")
            ledger.flush()
            os.fsync(ledger.fileno())
    except OSError as error:
        raise ResourceError(
            f"the ledger cannot be written ({error.strerror or error}); choose another with --ledger",
            where=str(path),
        ) from error


def read_trials(path: Path) -> tuple[list[Trial], list[str]]:
    """All trials in their order, and a warning for each line that is none.

    A ledger that is not there has no trials.
    """
    if not path.is_file():
        return [], []
    trials, warnings = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), start=1):
        if line.strip():
            try:
                trials.append(Trial(**json.loads(line)))
            except (ValueError, TypeError):
                warnings.append(
                    f"{path}:{number}: this line is no trial and is left out; was its writing cut off?"
                )
    return trials, warnings


def latest_of(path: Path, recipe: str) -> str | None:
    """The id of the latest trial of a recipe, by the recipe's name."""
    return next((trial.id for trial in reversed(read_trials(path)[0]) if trial.recipe == recipe), None)


def find_trial(trials: Sequence[Trial], beginning: str) -> Trial:
    """The one trial whose id begins so.

    Raises:
        RecipeError: if there is none, or more than one.
    """
    found = [trial for trial in trials if trial.id.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if not found:
        message = explain("no trial has this id", allowed=[trial.id for trial in trials], name=beginning)
    else:
        message = (
            f"{len(found)} trials begin so: {', '.join(trial.id for trial in found[:8])}; give more of the id"
        )
    raise RecipeError(message, where=beginning)


def trial_rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """A header and a row for each trial, to print."""
    rows = [
        ("trial", "ended (UTC)", "status", "recipe", "model", "method", "seed", "result", "seconds", "run")
    ]
    for trial in trials:
        seconds = trial.cost.get("train_seconds", trial.cost.get("seconds"))
        rows.append(
            (
                trial.id,
                trial.time[:16].replace("T", " "),
                trial.status,
                trial.recipe,
                trial.model,
                trial.method,
                str(trial.seed),
                _result(trial),
                "" if seconds is None else f"{seconds:.0f}",
                trial.output_dir,
            )
        )
    return rows


def _result(trial: Trial) -> str:
    if trial.metrics:
        name, entry = next(iter(trial.metrics.items()))
        return f"{name} {'undefined' if entry['value'] is None else format(entry['value'], '.3f')}"
    return "" if trial.error is None else f"exit {trial.error['code']}"


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as ledger:
        ledger.seek(-1, os.SEEK_END)
        return ledger.read(1) == b"\n"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
