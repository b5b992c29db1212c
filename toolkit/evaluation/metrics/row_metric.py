"""The base class of metrics over labelled rows: an `evaluate.Metric` that needs neither a network nor a cache."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import evaluate
import numpy as np
from datasets import Features
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.tally import check_equal_lengths


class RowMetric(evaluate.Metric):  # type: ignore[misc]
    """A metric over predictions and references, for `evaluate.combine`, `add_batch` and `compute`.

    Args:
        keep_in_memory: True collects the rows in memory; False, for several processes, in files under `HF_HOME`.
        seed: for `evaluate`, which otherwise takes one from numpy's global state; no metric here is random.
        options: other arguments of `evaluate.Metric`.
    """

    key: ClassVar[str]
    """The metric's name in recipes and results."""
    undefined: ClassVar[str]
    """The reason why the metric has no value on some data, for reports."""
    inputs: ClassVar[str]
    """The form of predictions and references, for `evaluate`."""

    def __init__(self, *, keep_in_memory: bool = True, seed: int = 0, **options: Any) -> None:
        super().__init__(keep_in_memory=keep_in_memory, seed=seed, **options)

    @abstractmethod
    def columns(self) -> Features:
        """Return the types of the columns ``predictions`` and ``references``."""

    @abstractmethod
    def checked(self, values: ArrayLike, name: str) -> NDArray[Any]:
        """Check predictions or references, and convert them to an array ``[rows, ...]``.

        Args:
            values: as they were given.
            name: ``predictions`` or ``references``.

        Raises:
            ValueError: if the metric cannot take them.
        """

    @abstractmethod
    def value(self, predictions: NDArray[Any], references: NDArray[Any]) -> float | None:
        """Compute the metric over all rows; None if it is undefined."""

    def add(self, *, prediction: Any = None, reference: Any = None, **named: Any) -> None:
        """Add one row; `evaluate.combine` passes it as `predictions` and `references`.

        Raises:
            ValueError: see `add_batch`.
        """
        row = {"predictions": prediction, "references": reference, **named}
        self.add_batch(**{name: [value] for name, value in row.items()})

    def add_batch(self, *, predictions: ArrayLike, references: ArrayLike) -> None:
        """Add rows.

        Raises:
            ValueError: if the lengths differ, or the metric cannot take the rows.
        """
        predicted, expected = self.checked(predictions, "predictions"), self.checked(references, "references")
        check_equal_lengths(predicted, expected)
        super().add_batch(predictions=predicted, references=expected)

    def compute(
        self, *, predictions: ArrayLike | None = None, references: ArrayLike | None = None
    ) -> dict[str, float | None] | None:
        """Compute the metric over all added rows, those given here included.

        Returns:
            The value by the metric's name, None if it is undefined. In a process that is not the first, None alone.

        Raises:
            ValueError: see `add_batch`; also if only one of the two is given, or if there are no rows at all.
        """
        if (predictions is None) != (references is None):
            raise ValueError("predictions and references belong together: give both or neither")
        n_new = 0 if predictions is None else np.size(predictions)
        if n_new == 0 and len(self) == 0:
            raise ValueError("there are no rows to evaluate")
        result: dict[str, float | None] | None = super().compute(predictions=predictions, references=references)
        return result

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=self.__class__.__doc__,
            citation="",
            inputs_description=f"\n{self.inputs}",
            features=self.columns(),
        )

    def _build_data_dir(self) -> str:
        # The base class makes a folder under HF_HOME even if it needs none, and fails if it cannot.
        return "" if self.keep_in_memory else str(super()._build_data_dir())

    def _compute(self, *, predictions: ArrayLike, references: ArrayLike) -> dict[str, float | None]:
        return {self.key: self.value(np.asarray(predictions), np.asarray(references))}
