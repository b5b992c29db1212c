"""Which labels a model takes for which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.tally import Cells


@dataclass(frozen=True)
class ConfusedPair:
    """Rows of one label that were given another.

    Attributes:
        reference: the label they have; None for classes that the training data does not have.
        prediction: the label they were given.
        rows: how many they are.
        share: of all rows that have this reference, 0 to 1.
    """

    reference: str | None
    prediction: str
    rows: int
    share: float


@dataclass(frozen=True, eq=False)
class Confusion:
    """The confusion matrix. Only its filled cells are kept: ten thousand labels would make it 800 MB.

    Attributes:
        labels: of the training data.
        cells: the filled cells.
    """

    labels: tuple[str, ...]
    cells: Cells

    def matrix(self) -> NDArray[np.int64]:
        """All counts, ``[n_labels + 1, n_labels]``.

        A row for each reference, a column for each prediction; the last row holds the references that are
        not among the labels of the training data.
        """
        n_labels = len(self.labels)
        counts = np.zeros((n_labels + 1, n_labels), dtype=np.int64)
        counts[self.cells.references, self.cells.predictions] = self.cells.counts
        return counts

    def most_confused(self, n: int = 10) -> tuple[ConfusedPair, ...]:
        """The `n` pairs with the most rows, the larger share of their reference first among equals."""
        names = (*self.labels, None)
        totals = np.bincount(self.cells.references, weights=self.cells.counts, minlength=len(names))
        pairs = [
            ConfusedPair(names[reference], self.labels[prediction], int(count), float(count / totals[reference]))
            for reference, prediction, count in zip(
                self.cells.references, self.cells.predictions, self.cells.counts, strict=True
            )
            if reference != prediction
        ]
        return tuple(sorted(pairs, key=lambda pair: (-pair.rows, -pair.share))[:n])
