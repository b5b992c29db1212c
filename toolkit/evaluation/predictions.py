"""What a classification model predicted, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.rows import OUTPUT_SUFFIXES, Row, check_output_suffix, rows_of, write_rows

__all__ = ["OUTPUT_SUFFIXES", "Predictions", "Row", "check_output_suffix"]


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
        return rows_of(self.columns())

    def write(self, path: str | Path) -> None:
        """Write the rows, atomically, in the format that the path's suffix names.

        Args:
            path: ends in one of `OUTPUT_SUFFIXES`; its folder exists.

        Raises:
            RecipeError: the suffix is none of them.
            ResourceError: the file cannot be written.
        """
        write_rows(self.columns(), path)
