"""The frozen result of learning from several shares of the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.run_result import RunResult
from toolkit.trials.compared import Tested

SCHEMA = 1
STEPS, NOTHING = "steps", "nothing"
"""What the runs of a curve have in common besides the rows that choose and measure."""


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """A run on a share of the training rows.

    Attributes:
        share: above 0, at most 1.
        run: its folder.
        result: the content of its ``metrics.json``.
        gain: what it has more than the run on the share before, by the paired bootstrap; None for the first, and where
            the two cannot be compared in the metric.
    """

    share: float
    run: str
    result: RunResult
    gain: Tested | None

    @property
    def rows(self) -> int:
        """Return the number of rows that were learnt from."""
        return self.result.splits["train"].rows

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``points``."""
        return {
            "share": self.share,
            "rows": self.rows,
            "run": self.run,
            "metrics": self.result.test.to_json()["metrics"],
            "steps": self.result.training.steps,
            "train_seconds": self.result.cost.get("train_seconds"),
            "gain": None if self.gain is None else self.gain.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Runs that differ in how many training rows they have learnt from.

    Attributes:
        folder: with the runs.
        metric: that the gains are in.
        kept_equal: `STEPS`, or `NOTHING` where a method takes no steps.
        points: in the order of the shares.
        notes: what makes the curve less than it seems, a line each.
    """

    folder: Path
    metric: str
    kept_equal: str
    points: tuple[CurvePoint, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``curve.json``."""
        return {
            "schema": SCHEMA,
            "folder": str(self.folder),
            "metric": self.metric,
            "kept_equal": self.kept_equal,
            "points": [point.to_json() for point in self.points],
            "notes": list(self.notes),
        }
