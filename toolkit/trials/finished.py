"""Finished runs, read from their folders, and the spread of several."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from toolkit.run_result import RunResult, content_of
from toolkit.tasks import room_of

RECIPE_FILE = "recipe.yaml"
METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.parquet"


@dataclass(frozen=True)
class FinishedRun:
    """A run that is done, now or before.

    Attributes:
        folder: with the files of docs/design.md, section 4.4.
        result: the content of ``metrics.json``.
        read_back: whether `result` was read from the file, and not made by this process.
    """

    folder: Path
    result: RunResult
    read_back: bool = False

    def showing(self, name: str) -> AbstractContextManager[None]:
        """Return the context in which the content of a file is shown: what was read back may be damaged.

        An error about a result that this process made is a fault of the toolkit, and stays what it is.
        """
        return content_of(self.folder / name) if self.read_back else nullcontext()

    def samples(self) -> list[dict[str, Any]]:
        """Return test rows to look at, from ``predictions.parquet``, in the form of the task's room."""
        with self.showing(PREDICTIONS_FILE):
            columns = parquet.read_table(self.folder / PREDICTIONS_FILE).to_pydict()
            return room_of(self.result.task).samples(columns, self.result.problem)


def read_run(folder: Path) -> FinishedRun:
    """Read a finished run.

    Raises:
        IntegrityError: its ``metrics.json`` is missing or damaged.
    """
    return FinishedRun(folder, RunResult.read(folder / METRICS_FILE), read_back=True)


@dataclass(frozen=True)
class SeedSpread:
    """Runs of one recipe over several seeds.

    Attributes:
        folder: with a run folder ``seed-<n>`` for each, and ``seeds.json``.
        summary: the content of ``seeds.json``.
    """

    folder: Path
    summary: Mapping[str, Any]


def spread(seeds: Sequence[int], runs: Sequence[FinishedRun]) -> dict[str, Any]:
    """Compute mean, standard deviation (n - 1) and values of each test metric.

    Mean and deviation are None where a value is undefined, the deviation also with a single run.
    """
    metrics: dict[str, dict[str, Any]] = {}
    for name in runs[0].result.test.metrics:
        values = [run.result.test.metrics[name].value for run in runs]
        known = [value for value in values if value is not None]
        defined = len(known) == len(values)
        metrics[name] = {
            "mean": statistics.mean(known) if defined else None,
            "sd": statistics.stdev(known) if defined and len(values) > 1 else None,
            "values": values,
        }
    return {"schema": 1, "seeds": list(seeds), "metrics": metrics}
