"""What metrics of texts share: the rows that they are computed from, and the statistics of a row.

A corpus metric is not the mean of row metrics: BLEU sums the matches of all rows and then divides. So every metric here
has a few statistics for each row (`TextMetric.statistics`), which can be summed over any choice of rows, and a formula
of these sums (`TextMetric.value`). One bootstrap serves all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.likelihoods import Likelihoods


@dataclass(frozen=True, eq=False)
class TextRows:
    """The rows that metrics of texts are computed from: generated texts, likelihoods, or both.

    Attributes:
        predictions: generated texts. ``[rows]``
        references: their targets. ``[rows]``
        likelihoods: a model's likelihoods of the references. ``[rows]``
        sources: what was read. ``[rows]``

    Raises:
        ValueError: if there are no rows, or the lengths differ.
    """

    predictions: Sequence[str] | None = None
    references: Sequence[str] | None = None
    likelihoods: Likelihoods | None = None
    sources: Sequence[str] | None = None

    def __post_init__(self) -> None:
        lengths = {name: len(column) for name, column in vars(self).items() if column is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError("the lengths differ: " + ", ".join(f"{n} {name}" for name, n in lengths.items()))
        if not any(lengths.values()):
            raise ValueError("there are no rows to evaluate")

    def __len__(self) -> int:
        return max(len(column) for column in vars(self).values() if column is not None)

    def texts(self, name: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return predictions and references for the metric `name`; raise a ValueError if one is missing."""
        if self.predictions is None or self.references is None:
            raise ValueError(f"{name} needs predictions and references")
        return self.predictions, self.references

    def copies(self, name: str) -> tuple[Sequence[str], Sequence[str]]:
        """Return predictions and sources for the metric `name`; raise a ValueError if one is missing."""
        if self.predictions is None or self.sources is None:
            raise ValueError(f"{name} needs predictions and sources")
        return self.predictions, self.sources


@dataclass(frozen=True)
class TextMetric(ABC):
    """A metric over rows of text.

    Attributes:
        name: in recipes and results.
        greater_is_better: False if a smaller value is better, None if neither is.
        undefined: the reason why it has no value on some data, for reports.
    """

    name: str
    greater_is_better: bool | None = True
    undefined: str = "there are no rows"

    @abstractmethod
    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Compute the statistics of each row, ``[rows, k]``.

        Raises:
            ValueError: if the rows lack the texts or the likelihoods that the metric needs.
        """

    @abstractmethod
    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the metric from sums of statistics, ``[..., k]`` to ``[...]``; not finite if it is undefined."""

    def signature(self, references: Sequence[str]) -> str | None:
        """Return all settings that change the value, in sacreBLEU's form; None for a metric without settings."""
        return None


@dataclass(frozen=True)
class Quotient(TextMetric):
    """A quotient of two sums, ``[rows, 2]``; with 1 and 0 below, the mean of a score over the rows that have one."""

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Divide the first sum by the second; see `TextMetric.value`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums[..., 0] / sums[..., 1])
