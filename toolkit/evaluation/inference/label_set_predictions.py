"""What a model of several labels a text predicted, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from toolkit.adapters.decision import USUAL, Decision
from toolkit.evaluation.inference.predictions import check_columns, check_probabilities, input_columns
from toolkit.evaluation.inference.rows import PROBABILITY_OF, RowPredictions
from toolkit.names import Problem

_COMMA = ", "
THRESHOLD = 0.5
"""The probability from which a label belongs to a row, where none was chosen."""


@dataclass(frozen=True, eq=False)
class LabelSetPredictions(RowPredictions):
    """The probability of every label for every row, each a decision of its own, in the order of the input.

    Attributes:
        ids: the rows' own ids, or their numbers in the source file, from 0. ``[rows]``
        texts: what was read, as text. ``[rows]``
        references: the names of the labels that each row has; None where the data has none. ``[rows]``
        labels: the model's labels, those of its training data.
        probabilities: 0 to 1. ``[rows, n_labels]``
        pairs: the second texts; None where rows have one text. ``[rows]``
        decision: what follows from the probabilities.

    Raises:
        ValueError: lengths do not agree, or a probability is not finite.
    """

    problem: ClassVar[Problem] = Problem.MULTI_LABEL

    ids: list[int | str]
    texts: list[str]
    references: list[tuple[str, ...] | None] | None
    labels: tuple[str, ...]
    probabilities: NDArray[np.floating[Any]]
    pairs: list[str] | None = None
    decision: Decision = USUAL

    def __post_init__(self) -> None:
        check_probabilities(self.probabilities, (len(self.ids), len(self.labels)))
        check_columns(self.ids, texts=self.texts, pairs=self.pairs, references=self.references)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def predicted(self) -> NDArray[np.bool_]:
        """Return which labels were given to which row: those of at least their threshold, ``[rows, n_labels]``."""
        return np.asarray(self.probabilities >= (self.decision.thresholds or THRESHOLD))

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Return the probability of each row's least certain decision, for a label or against it, ``[rows]``.

        It is at least a half where the thresholds are, and near to one only where every label was decided without
        doubt.
        """
        if self.decision.thresholds:
            sure = np.where(self.predicted, self.probabilities, 1 - self.probabilities)
        else:
            sure = np.maximum(self.probabilities, 1 - self.probabilities)
        return np.asarray(sure.min(axis=1), dtype=np.float64)

    @property
    def answers(self) -> list[str]:
        """Return the names of each row's predicted labels, joined; empty where there is none, ``[rows]``."""
        return [joined([self.labels[label] for label in np.flatnonzero(row)]) for row in self.predicted]

    @property
    def expected(self) -> list[str | None] | None:
        """Return the references, joined in the order of the model's labels, ``[rows]``."""
        if self.references is None:
            return None
        place = {name: number for number, name in enumerate(self.labels)}
        ordered = (
            None if names is None else sorted(names, key=lambda name: place.get(name, len(place)))
            for names in self.references
        )
        return [None if names is None else joined(names) for names in ordered]

    @property
    def reference_sets(self) -> NDArray[np.bool_]:
        """Return which of the model's labels each row has, ``[rows, n_labels]``.

        Raises:
            ValueError: a row has no reference.
        """
        place = {name: number for number, name in enumerate(self.labels)}
        sets = np.zeros(self.probabilities.shape, dtype=np.bool_)
        for row, names in enumerate(self._all_references()):
            sets[row, [place[name] for name in names if name in place]] = True
        return sets

    @property
    def unknown(self) -> NDArray[np.int64]:
        """Count the references of each row that the model does not know, ``[rows]``.

        Raises:
            ValueError: a row has no reference.
        """
        known = set(self.labels)
        return np.array([len(set(names) - known) for names in self._all_references()], dtype=np.int64)

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Return which rows have a label too many or one missing, ``[rows]``.

        Raises:
            ValueError: a row has no reference.
        """
        return np.asarray((self.predicted != self.reference_sets).any(axis=1) | (self.unknown > 0))

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of `Predictions`, and ``probability:<label>`` for each label.

        ``probability`` is that of the least sure decision.
        """
        columns = input_columns(self.ids, self.texts, pairs=self.pairs, references=self.expected)
        columns |= {"prediction": self.answers, "probability": self.confidence.tolist()}
        of_labels = self.probabilities.astype(np.float64).T.tolist()
        return columns | {
            PROBABILITY_OF + name: of_label for name, of_label in zip(self.labels, of_labels, strict=True)
        }

    def _all_references(self) -> list[tuple[str, ...]]:
        names = [] if self.references is None else [each for each in self.references if each is not None]
        if self.references is None or len(names) < len(self):
            raise ValueError("without references there are no mistakes to tell")
        return names


def joined(names: Sequence[str]) -> str:
    """Return the names of a set of labels as one text; `names_in` reads it."""
    return _COMMA.join(names)


def names_in(joined: str, known: Mapping[str, Any]) -> list[str]:
    """Return the names of a set of labels that were joined by commas; a known name may have commas of its own."""
    parts = joined.split(_COMMA) if joined else []
    names = []
    while parts:
        sizes = (n for n in range(len(parts), 1, -1) if _COMMA.join(parts[:n]) in known)
        size = next(sizes, 1)
        names.append(_COMMA.join(parts[:size]))
        del parts[:size]
    return names
