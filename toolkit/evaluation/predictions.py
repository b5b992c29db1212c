"""What a model predicted, row by row, and how it is written to files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from toolkit.errors import RecipeError, explain
from toolkit.files import replacing

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Probabilities of every label for every row, in the order of the input.

    Attributes:
        ids: the rows' own ids, or their numbers in the source file, from 0. ``[rows]``
        texts: what was read, as text. ``[rows]``
        references: the labels that the data has, by name; None where it has none. ``[rows]``
        reference_labels: their positions in `labels`, `UNKNOWN` for a name that is not there. ``[rows]``
        labels: the model's labels, those of its training data.
        probabilities: 0 to 1, adding up to 1 in each row. ``[rows, n_labels]``

    Raises:
        ValueError: lengths do not agree, or a probability is not finite.
    """

    ids: list[int | str]
    texts: list[str]
    references: list[str] | None
    reference_labels: NDArray[np.int64] | None
    labels: tuple[str, ...]
    probabilities: NDArray[np.floating[Any]]

    def __post_init__(self) -> None:
        expected = (len(self.ids), len(self.labels))
        if self.probabilities.shape != expected:
            raise ValueError(f"probabilities have the shape {self.probabilities.shape}; expected {expected}")
        if not np.isfinite(self.probabilities).all():
            raise ValueError("probabilities hold numbers that are not finite")
        columns = {
            "texts": self.texts,
            "references": self.references,
            "reference_labels": self.reference_labels,
        }
        for name, column in columns.items():
            if column is not None and len(column) != len(self.ids):
                raise ValueError(f"{len(column)} {name} for {len(self.ids)} ids")
        if (self.references is None) != (self.reference_labels is None):
            raise ValueError("references and reference_labels belong together: give both or neither")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The position of each row's most probable label, the first one of equals, ``[rows]``."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """The probability of each row's predicted label, ``[rows]``."""
        return np.asarray(self.probabilities.max(axis=1), dtype=np.float64)

    def columns(self) -> dict[str, list[Any]]:
        """Columns ``id``, ``text``, ``reference`` where there is one, ``prediction`` and ``probability``."""
        columns: dict[str, list[Any]] = {"id": self.ids, "text": self.texts}
        if self.references is not None:
            columns["reference"] = self.references
        columns["prediction"] = [self.labels[label] for label in self.predicted]
        columns["probability"] = self.confidence.tolist()
        return columns

    def rows(self) -> list[Row]:
        """The same as one dict a row."""
        columns = self.columns()
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def write(self, path: str | Path) -> None:
        """Write the rows, atomically, in the format that the path's suffix names.

        Args:
            path: ends in one of `OUTPUT_SUFFIXES`; its folder exists.

        Raises:
            RecipeError: the suffix is none of them.
            ResourceError: the file cannot be written.
        """
        check_output_suffix(path)
        with replacing(path) as temporary:
            _WRITERS[Path(path).suffix.lower()](self, temporary)


def check_output_suffix(path: str | Path) -> None:
    """Check that a file can be written in the format its name asks for, before any work is done for it.

    Raises:
        RecipeError: the suffix is none of `OUTPUT_SUFFIXES`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in OUTPUT_SUFFIXES:
        found = f"output in the format {suffix!r}" if suffix else "an output file without a suffix"
        message = explain(f"{found} cannot be written", allowed=OUTPUT_SUFFIXES, name=suffix)
        raise RecipeError(message, where=str(path))


def _write_csv(predictions: Predictions, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        # Up to Python 3.12 a lone carriage return is written without quotes, and then read as a line's end.
        quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        columns = predictions.columns()
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            has_return = any(isinstance(value, str) and "\r" in value for value in row)
            (quoting if has_return else writer).writerow(row)


def _write_jsonl(predictions: Predictions, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for row in predictions.rows():
            stream.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def _write_parquet(predictions: Predictions, path: Path) -> None:
    columns = predictions.columns()
    numbered = all(isinstance(name, int) for name in predictions.ids)
    types = {"id": pa.int64() if numbered else pa.string(), "probability": pa.float64()}
    if not numbered:
        columns["id"] = [str(name) for name in predictions.ids]
    schema = pa.schema([(name, types.get(name, pa.string())) for name in columns])
    pq.write_table(pa.table(columns, schema=schema), path)


_WRITERS: dict[str, Callable[[Predictions, Path], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}

OUTPUT_SUFFIXES = tuple(_WRITERS)
