"""What the shell completes beside verbs and options: names of recipes, runs, trials and tasks.

It runs at every press of a key, and so it reads names of files alone and imports nothing heavy.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from toolkit.names import Task
from toolkit.shipped import shipped_folder

_RUNS = Path("runs")


def recipe_names(incomplete: str) -> list[str]:
    """Return the shipped recipes that begin so; recipe files are completed by the shell itself."""
    names = {path.stem for path in shipped_folder("recipes").rglob("*.yaml")}
    return sorted(name for name in names if name.startswith(incomplete))


def run_folders(incomplete: str) -> list[str]:
    """Return the finished runs below the folder ``runs`` that begin so."""
    with suppress(OSError):
        runs = {path.parent.as_posix() for depth in ("*", "*/*") for path in _RUNS.glob(f"{depth}/metrics.json")}
        return sorted(run for run in runs if run.startswith(incomplete))
    return []


def trial_ids(incomplete: str) -> list[tuple[str, str]]:
    """Return the ids in the ledger that begin so, each with its recipe, the latest first."""
    found: dict[str, str] = {}
    with suppress(OSError, UnicodeError):
        for line in (_RUNS / "trials.jsonl").read_text(encoding="utf-8").splitlines():
            with suppress(ValueError, KeyError, TypeError, AttributeError):
                trial = json.loads(line)
                found[str(trial["id"])] = str(trial.get("recipe", ""))
    return [(name, recipe) for name, recipe in reversed(found.items()) if name.startswith(incomplete)]


def task_names(incomplete: str) -> list[str]:
    """Return the tasks that begin so."""
    return [task.value for task in Task if task.startswith(incomplete)]
