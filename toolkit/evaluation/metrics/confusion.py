"""The confusion matrix of predictions and references."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.tally import Cells


@dataclass(frozen=True)
class ConfusedPair:
    """The examples of one label that were predicted as another.

    Attributes:
        reference: their label; None for labels that the training data does not have.
        prediction: their predicted label.
        rows: number of these examples.
        share: of all examples with this reference, 0 to 1.
    """

    reference: str | None
    prediction: str
    rows: int
    share: float


@dataclass(frozen=True, eq=False)
class Confusion:
    """The confusion matrix; only its non-empty cells are kept, because with ten thousand labels it takes 800 MB.

    Attributes:
        labels: of the training data.
        cells: the non-empty cells.
    """

    labels: tuple[str, ...]
    cells: Cells

    def matrix(self) -> NDArray[np.int64]:
        """Return all counts, ``[n_labels + 1, n_labels]``.

        References are rows and predictions are columns. The last row is for references that are not among the labels of
        the training data.
        """
        n_labels = len(self.labels)
        counts = np.zeros((n_labels + 1, n_labels), dtype=np.int64)
        counts[self.cells.references, self.cells.predictions] = self.cells.counts
        return counts

    def most_confused(self, n: int = 10) -> tuple[ConfusedPair, ...]:
        """Return the `n` pairs with the most examples; of equal pairs the one with the larger share first."""
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
