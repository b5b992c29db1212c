"""An exported model on the test rows of its run, beside the model that it comes from."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet

from toolkit.adapters import OpenedModel
from toolkit.evaluation.proof.golden import answers_to, plain_ids
from toolkit.evaluation.proof.parity import compare
from toolkit.tasks.room import TaskRoom
from toolkit.trials.finished import PREDICTIONS_FILE

MOST_ROWS = 1000
_WARM_UP = 8


@dataclass(frozen=True)
class Measured:
    """What an export costs, and what it saves.

    Attributes:
        rows: test rows that both models answered.
        flips: rows with another prediction; None where predictions are numbers.
        largest_gap: between two probabilities or numbers.
        model_bytes: of the exported weights.
        float32_bytes: of the weights that they come from.
        texts_per_second: of the export, on this machine, with as many threads.
        speed: how many times as fast as the model that it comes from.
    """

    rows: int
    flips: int | None
    largest_gap: float
    model_bytes: int
    float32_bytes: int
    texts_per_second: float
    speed: float

    def to_json(self) -> dict[str, Any]:
        """Return the attributes by their names."""
        return asdict(self)

    def __str__(self) -> str:
        size = f"{self.model_bytes / 1e6:,.0f} MB instead of {self.float32_bytes / 1e6:,.0f}"
        answers = f"{self.flips} of {self.rows} test rows have another answer, largest gap {self.largest_gap:.1e}"
        if self.flips is None:
            answers = f"the numbers of {self.rows} test rows differ by at most {self.largest_gap:.2g}"
        return f"{answers}; {size}; {self.texts_per_second:,.0f} texts a second, {self.speed:.1f} times as many"


def measure(
    room: TaskRoom, opened: OpenedModel, made: OpenedModel, run: Path, *, files: Sequence[Path], tolerance: float
) -> Measured | None:
    """Ask both models about the test rows; return None where the folder has none.

    Args:
        room: of the task.
        opened: the model.
        made: its export, opened again.
        run: the run folder.
        files: that were exported.
        tolerance: probabilities that are that near to each other are tied.
    """
    rows = _rows(run / PREDICTIONS_FILE, opened, whole=room.reads_in_parts(opened.family))
    if not rows:
        return None
    expected, before = _timed(room, opened, rows)
    found, after = _timed(room, made, rows)
    parity = compare(expected, found, tolerance)
    weights: Any = opened.model.state_dict().values()
    return Measured(
        rows=len(rows),
        flips=None if "value" in expected[0] else parity.flips,
        largest_gap=parity.largest_gap,
        model_bytes=sum(file.stat().st_size for file in files),
        float32_bytes=sum(tensor.numel() * 4 for tensor in weights),
        texts_per_second=round(len(rows) / after, 1),
        speed=round(before / after, 2),
    )


def _timed(room: TaskRoom, opened: OpenedModel, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], float]:
    answers_to(room, opened, rows[:_WARM_UP])
    started = time.monotonic()
    said = answers_to(room, opened, rows)
    return said, time.monotonic() - started


def _rows(file: Path, opened: OpenedModel, *, whole: bool) -> list[dict[str, str]]:
    """Return what a model reads of test rows, at even distances.

    Args:
        file: of a run's predictions.
        opened: the model.
        whole: leave out texts that it would read in several parts.
    """
    if not file.is_file():
        return []
    table = parquet.read_table(file)
    chosen = np.unique(np.linspace(0, len(table) - 1, min(MOST_ROWS, len(table))).astype(np.int64))
    asked = []
    for row in table.take(chosen).to_pylist():
        inputs = {name: row[name] for name in ("text", "text_pair") if name in row}
        n_tokens = len(plain_ids(opened, inputs))
        if n_tokens and not (whole and n_tokens >= opened.max_length):
            asked.append(inputs)
    return asked
