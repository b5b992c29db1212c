"""What a run wrote down by itself, and what TensorBoard's own reader finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

Scalars = dict[str, dict[int, float]]
"""Values by name and step."""


def logged(run: Path) -> Scalars:
    """Return the values in a run's log; of a step that was done again the last one."""
    found: Scalars = {}
    for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "event" not in entry:
            for name, value in entry.items():
                if name != "step":
                    found.setdefault(name, {})[entry["step"]] = value
    return found


def tensorboard_holds(run: Path, expected: Scalars) -> None:
    """Assert that TensorBoard shows these values, and at no other steps."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert expected
    read = EventAccumulator(str(run / "trackers" / "tensorboard"), size_guidance={"scalars": 0})
    read.Reload()
    for name, values in expected.items():
        tag = name.replace("_", "/", 1) if name.startswith(("eval_", "test_")) else f"train/{name}"
        assert {event.step: event.value for event in read.Scalars(tag)} == pytest.approx(values, rel=1e-6), tag
