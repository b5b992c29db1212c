"""Finished runs, read from their folders, and what several of them say together."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.names import Problem
from toolkit.tasks.text_classification.mistakes import LargeError, Mistake
from toolkit.tasks.texts.result import choose_samples
from toolkit.training.callbacks import LOG_FILE

RECIPE_FILE = "recipe.yaml"
METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.parquet"


@dataclass(frozen=True)
class FinishedRun:
    """A run that is done, now or before.

    Attributes:
        folder: with all that DESIGN.md 4.4 lists.
        metrics: the content of ``metrics.json``.
    """

    folder: Path
    metrics: Mapping[str, Any]

    def samples(self) -> list[dict[str, Any]]:
        """Test rows to look at, from ``predictions.parquet``.

        Of a classifier its most confident mistakes, the fields of `Mistake`; of a model that gives
        numbers its largest errors, those of `LargeError` there.
        Of a model that writes, some of what it wrote: the fields of `toolkit.tasks.texts.result.Sample`.
        Nothing where texts were only scored.
        """
        table = parquet.read_table(self.folder / PREDICTIONS_FILE)
        if "prediction" not in table.column_names:
            return []
        if not self.metrics["labels"]:
            return _written(table.to_pydict())
        is_number = self.metrics.get("problem") == Problem.REGRESSION
        return _errors(table.to_pylist()) if is_number else _mistakes(table.to_pylist())


def _mistakes(rows: Sequence[Mapping[str, Any]], n: int = 10) -> list[dict[str, Any]]:
    wrong = [row for row in rows if row["reference"] != row["prediction"]]
    return [_fields(Mistake, row) for row in sorted(wrong, key=lambda row: -row["probability"])[:n]]


def _errors(rows: Sequence[Mapping[str, Any]], n: int = 10) -> list[dict[str, Any]]:
    furthest = sorted(rows, key=lambda row: -abs(row["prediction"] - row["reference"]))
    return [_fields(LargeError, row) for row in furthest[:n]]


def _fields(kind: type[Mistake] | type[LargeError], row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are fields of `kind`; where there is no such column, None."""
    return {field.name: row.get(field.name) for field in fields(kind)}


def _written(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    predictions = TextPredictions(columns["id"], columns["text"], columns.get("reference"), columns["prediction"])
    return [asdict(sample) for sample in choose_samples(predictions)]


def read_run(folder: Path) -> FinishedRun:
    """A finished run from its folder."""
    return FinishedRun(folder, json.loads((folder / METRICS_FILE).read_text(encoding="utf-8")))


def training_losses(folder: Path) -> list[dict[str, Any]]:
    """The lines of ``log.jsonl`` with a training loss, in the order in which they were written."""
    log = (folder / LOG_FILE).read_text(encoding="utf-8")
    return [entry for entry in map(json.loads, log.splitlines()) if "loss" in entry]


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
    """Mean, standard deviation (n - 1) and values of each test metric.

    Mean and deviation are None where a value is undefined, the deviation also with a single run.
    """
    metrics: dict[str, dict[str, Any]] = {}
    for name in runs[0].metrics["splits"]["test"]["metrics"]:
        values = [run.metrics["splits"]["test"]["metrics"][name]["value"] for run in runs]
        defined = all(value is not None for value in values)
        metrics[name] = {
            "mean": statistics.mean(values) if defined else None,
            "sd": statistics.stdev(values) if defined and len(values) > 1 else None,
            "values": values,
        }
    return {"schema": 1, "seeds": list(seeds), "metrics": metrics}
