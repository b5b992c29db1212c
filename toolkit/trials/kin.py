"""The earlier trial that a trial goes on from, and what changed against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.trials.trial import Trial

_NO_SETTINGS = ("note", "hub.")
"""Beginnings of keys that change nothing of what is tried."""


def nearest_trial(trial: Trial, earlier: Sequence[Trial]) -> str | None:
    """Return the id of the earlier trial of the same task whose recipe is most like this one's, the latest of equals.

    Like is what differs in few keys. Without such a trial, as among those of older versions, which keep no settings, it
    is the latest of the same name.

    Args:
        trial: to find the parent of.
        earlier: trials, in the order of the ledger.
    """
    near = [other for other in reversed(earlier) if other.task == trial.task and other.settings]
    if trial.settings and near:
        return min(near, key=lambda other: len(changes(other, trial))).id
    return next((other.id for other in reversed(earlier) if other.recipe == trial.recipe), None)


def changes(before: Trial, after: Trial) -> dict[str, dict[str, Any]]:
    """Return ``{key: {"before", "after"}}`` of the keys in which two recipes differ; None where one has no such key."""
    ours, theirs = _settings(before), _settings(after)
    return {
        key: {"before": ours.get(key), "after": theirs.get(key)}
        for key in {**ours, **theirs}
        if ours.get(key) != theirs.get(key)
    }


def _settings(trial: Trial) -> Mapping[str, Any]:
    settings = trial.settings or {}
    return {key: value for key, value in settings.items() if not key.startswith(_NO_SETTINGS)}


def flattened(tree: Mapping[str, Any], *, below: str = "") -> dict[str, Any]:
    """Return the values of a recipe by their dotted paths; lists are values."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{below}{key}"
        flat |= flattened(value, below=f"{path}.") if isinstance(value, Mapping) else {path: value}
    return flat
