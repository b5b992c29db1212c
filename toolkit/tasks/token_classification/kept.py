"""Kept answers of token classification: entities, and the tags of given words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.paired import Metric
from toolkit.tasks.kept_answers import Columns, KeptAnswers
from toolkit.tasks.token_classification.metrics import METRICS, Sums

_OF_TAGS = "token_accuracy"


class KeptEntities(KeptAnswers):
    """The entities of each sentence."""

    def __init__(self, columns: Columns) -> None:
        super().__init__(columns)
        self._found, self._right = (
            [Counter(map(_place, row)) for row in columns[name]] for name in ("entities", "reference")
        )
        self._sums = self._counted()

    def again(self, columns: Columns) -> Self:
        """Return other sentences, as `KeptAnswers.again`."""
        return type(self)(columns)

    def right_answer(self, row: int) -> list[Any]:
        """Return the places and labels of the right entities, as `KeptAnswers.right_answer`."""
        return sorted(self._right[row].elements())

    def metric(self, name: str, counts: NDArray[np.int64]) -> Metric | None:
        """Return a metric; None for that of tags where the data has no words, as `KeptAnswers.metric`."""
        if name == _OF_TAGS and "reference_tags" not in self.columns:
            return None
        return lambda drawn: METRICS[name].value(drawn @ self._sums)

    def goodness(self) -> NDArray[np.float64]:
        """Return minus the number of entities that are wrong or missing, as `KeptAnswers.goodness`."""
        return np.asarray(2 * self._sums[:, 0] - self._sums[:, 1] - self._sums[:, 2])

    def shown(self, row: int) -> str:
        """Return the entities that were found, as `KeptAnswers.shown`."""
        return _worded(self.columns["entities"][row])

    def shown_right(self, row: int) -> str:
        """Return the right entities, as `KeptAnswers.shown_right`."""
        return _worded(self.columns["reference"][row])

    def _counted(self) -> Sums:
        """Count what is right in each sentence, as `toolkit.tasks.token_classification.metrics.sums_of`."""
        none: list[list[str]] = [[]] * len(self)
        tags, right = (self.columns.get(name, none) for name in ("tags", "reference_tags"))
        rows = zip(self._found, self._right, tags, right, strict=True)
        sums = [
            (
                (found & expected).total(),
                found.total(),
                expected.total(),
                sum(tag == other for tag, other in zip(ours, theirs, strict=True)) if theirs else 0,
                len(theirs),
            )
            for found, expected, ours, theirs in rows
        ]
        return np.array(sums, dtype=np.float64).reshape(-1, 5)


def _place(entity: Mapping[str, Any]) -> tuple[int, int, str]:
    return entity["start"], entity["end"], entity["label"]


def _worded(entities: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{entity['text']} ({entity['label']})" for entity in entities)
