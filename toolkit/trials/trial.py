"""A trial: what was tried, the result, the cost, why it was made, and what was learnt."""

from __future__ import annotations

import os
import platform
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Any

from toolkit.errors import explain
from toolkit.run_result import Environment

SCHEMA = 1
FINISHED = ("done", "degenerate")
"""The statuses of a trial with a result; a degenerate one has learnt nothing."""

STATUSES = (*FINISHED, "failed", "interrupted", "out-of-memory", "diverged", "refused", "killed")
"""Refused: the recipe or the data do not fit a model that was opened. Killed: the process ended without a word."""

OPTIONAL = frozenset({"learnt_from", "settings", "lessons", "reproduces"})
"""Keys that earlier versions did not write, and that are left out where they say nothing."""

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
        parent: the trial that this one goes on from: the one that was named, else the earlier one in the ledger whose
            recipe is most like its own (`toolkit.trials.kin`); set when it is added.
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
        note: the recipe's: why the trial is made.
        settings: the values of its resolved recipe by their dotted paths; None, and not written, by older versions.
        reproduces: the run that this one carries out again: its folder, or its repository with the commit; None, and
            not written, for all others.
        lessons: what was noted to be learnt of it, in the order of the notes; they are lines of their own.
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
    settings: dict[str, Any] | None = None
    reproduces: str | None = None
    lessons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return its line of the ledger."""
        values = asdict(self)
        return {name: value for name, value in values.items() if name not in OPTIONAL or value}


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


@cache
def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
