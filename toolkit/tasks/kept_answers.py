"""Answers to test rows as a run keeps them in ``predictions.parquet``, in a form in which two runs can be compared.

Each task's room has subclasses of its own, one a kind of answer. Baselines have the same form, so that a model and what
costs nothing are compared in the same way as two models.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from toolkit.data.fingerprints import Fingerprints, fingerprints
from toolkit.evaluation.metrics.paired import Metric

Columns = Mapping[str, Sequence[Any]]

_READ = ("text", "text_pair")


class KeptAnswers(ABC):
    """Answers to rows, with the right ones.

    Args:
        columns: of ``predictions.parquet``. ``[rows]`` each
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns["id"])

    @property
    def share_right(self) -> str | None:
        """Return the metric that is the share of right rows; None where a row is not simply right or wrong."""
        return None

    @abstractmethod
    def again(self, columns: Columns) -> Self:
        """Return answers of the same kind to other rows."""

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return the answers to some rows, ``[taken]``, in this order."""
        return self.again({name: [cells[row] for row in rows] for name, cells in self.columns.items()})

    def keys(self) -> Fingerprints:
        """Return a digest of the content of each row: what is read, and what is right. ``[rows]``."""
        read = [self.columns[name] for name in _READ if name in self.columns]
        contents = zip(*read, map(self.right_answer, range(len(self))), strict=True)
        return fingerprints(json.dumps(content, ensure_ascii=False) for content in contents)

    def right_answer(self, row: int) -> Any:
        """Return the right answer to a row, the same for runs that name it differently; None where there is none."""
        return self.columns["reference"][row] if "reference" in self.columns else None

    def kinds(self) -> NDArray[np.int64] | None:
        """Return a number for each row, the same for rows that count the same in every metric; None: all differ."""
        return None

    @abstractmethod
    def metric(self, name: str, counts: NDArray[np.int64]) -> Metric | None:
        """Return a metric as a function of resamples; None where the columns do not tell enough.

        Args:
            name: of the metric, as in metrics.json.
            counts: how often each row stands in the whole data. ``[rows]``
        """

    def unlike(self, other: Self, name: str) -> str | None:
        """Return why a metric of two models cannot be compared on the same rows; None where it can.

        Args:
            other: answers to the same rows, in the same order.
            name: of the metric.
        """
        return None

    @abstractmethod
    def goodness(self) -> NDArray[np.float64]:
        """Return how good each answer is, the greater the better; 1 and 0 for right and wrong. ``[rows]``."""

    def shown(self, row: int) -> str:
        """Return an answer for people."""
        answer = self.columns["prediction"][row]
        return "no answer" if answer is None else str(answer)

    def shown_right(self, row: int) -> str | None:
        """Return the right answer for people; None where there is none."""
        return None if "reference" not in self.columns else str(self.columns["reference"][row])
