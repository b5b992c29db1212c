"""What a model that gives numbers predicted, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.inference.predictions import check_columns, input_columns
from toolkit.evaluation.inference.rows import RowPredictions
from toolkit.names import Problem


@dataclass(frozen=True, eq=False)
class NumberPredictions(RowPredictions):
    """A number for every row, in the order of the input.

    Attributes:
        ids: the rows' own ids, or their numbers in the source file, from 0. ``[rows]``
        texts: what was read, as text. ``[rows]``
        references: the right numbers, NaN in rows without; None where the data has none. ``[rows]``
        predicted: what the model gave. ``[rows]``
        pairs: the second texts; None where rows have one text. ``[rows]``

    Raises:
        ValueError: lengths do not agree, or a prediction is not finite.
    """

    problem: ClassVar[Problem] = Problem.REGRESSION

    ids: list[int | str]
    texts: list[str]
    references: NDArray[np.float64] | None
    predicted: NDArray[np.float64]
    pairs: list[str] | None = None

    def __post_init__(self) -> None:
        check_columns(
            self.ids, texts=self.texts, pairs=self.pairs, references=self.references, predictions=self.predicted
        )
        if not np.isfinite(self.predicted).all():
            raise ValueError("predictions hold numbers that are not finite")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def expected(self) -> NDArray[np.float64]:
        """Return the references; every row must have one, ``[rows]``.

        Raises:
            ValueError: a row has no reference.
        """
        if self.references is None or not np.isfinite(self.references).all():
            raise ValueError("without references there are no errors to tell")
        return self.references

    def columns(self) -> dict[str, list[Any]]:
        """Return columns ``id``, ``text``, ``text_pair`` and ``reference`` if any, and the number ``prediction``."""
        references = None
        if self.references is not None:
            references = [number if np.isfinite(number) else None for number in self.references.tolist()]
        columns = input_columns(self.ids, self.texts, pairs=self.pairs, references=references)
        return {**columns, "prediction": self.predicted.tolist()}
