"""What a model wrote, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.inference.rows import Row, rows_of, write_rows


@dataclass(frozen=True, eq=False)
class TextPredictions:
    """One text for every row, in the order of the input.

    Attributes:
        ids: the rows' own ids, or their numbers in the source file, from 0. ``[rows]``
        texts: what was read: the source, or the beginning of the text. ``[rows]``
        references: the right texts; None where the data has none. ``[rows]``
        predictions: what the model wrote. ``[rows]``
        probabilities: of the prediction under the model: e to the sum of its tokens' log probabilities; None
            where it was not counted. ``[rows]``

    Raises:
        ValueError: lengths do not agree, or a probability is not finite.
    """

    ids: list[int | str]
    texts: list[str]
    references: list[str] | None
    predictions: list[str]
    probabilities: NDArray[np.floating[Any]] | None = None

    def __post_init__(self) -> None:
        for name, column in vars(self).items():
            if column is not None and len(column) != len(self.ids):
                raise ValueError(f"{len(column)} {name} for {len(self.ids)} ids")
        if self.probabilities is not None and not np.isfinite(self.probabilities).all():
            raise ValueError("probabilities hold numbers that are not finite")

    def __len__(self) -> int:
        return len(self.ids)

    def columns(self) -> dict[str, list[Any]]:
        """Return columns ``id``, ``text``, ``reference`` and ``probability`` where there are any, ``prediction``."""
        columns: dict[str, list[Any]] = {"id": self.ids, "text": self.texts}
        if self.references is not None:
            columns["reference"] = self.references
        columns["prediction"] = self.predictions
        if self.probabilities is not None:
            columns["probability"] = self.probabilities.tolist()
        return columns

    def rows(self) -> list[Row]:
        """Return the columns as one dict a row."""
        return rows_of(self.columns())

    def write(self, path: str | Path, *, raw: bool = False) -> None:
        """Write the rows, atomically, in the format that the path's suffix names.

        Args:
            path: ends in one of `toolkit.evaluation.inference.rows.OUTPUT_SUFFIXES`; its folder exists.
            raw: see `toolkit.evaluation.inference.rows.write_rows`.

        Raises:
            RecipeError: the suffix is none of them.
            ResourceError: the file cannot be written.
        """
        write_rows(self.columns(), path, raw=raw)
