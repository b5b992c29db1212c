"""What a classification model predicted, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from toolkit.adapters.decision import USUAL, Decision
from toolkit.evaluation.inference.rows import OUTPUT_SUFFIXES, Row, RowPredictions, check_output_suffix
from toolkit.names import Problem

ANSWERED, NONE_OF_THESE = "answered", "none of these"
"""What the column ``decision`` says of a row."""

__all__ = ["OUTPUT_SUFFIXES", "Predictions", "Row", "check_output_suffix"]


@dataclass(frozen=True, eq=False)
class Predictions(RowPredictions):
    """Probabilities of every label for every row, in the order of the input.

    Attributes:
        ids: the rows' own ids, or their numbers in the source file, from 0. ``[rows]``
        texts: what was read, as text. ``[rows]``
        references: the labels that the data has, by name; None where it has none. ``[rows]``
        reference_labels: their positions in `labels`, `UNKNOWN` for a name that is not there. ``[rows]``
        labels: the model's labels, those of its training data.
        probabilities: 0 to 1, adding up to 1 in each row. ``[rows, n_labels]``
        pairs: the second texts; None where rows have one text. ``[rows]``
        decision: what follows from the probabilities.

    Raises:
        ValueError: lengths do not agree, or a probability is not finite.
    """

    problem: ClassVar[Problem] = Problem.SINGLE_LABEL

    ids: list[int | str]
    texts: list[str]
    references: list[str] | None
    reference_labels: NDArray[np.int64] | None
    labels: tuple[str, ...]
    probabilities: NDArray[np.floating[Any]]
    pairs: list[str] | None = None
    decision: Decision = USUAL

    def __post_init__(self) -> None:
        check_probabilities(self.probabilities, (len(self.ids), len(self.labels)))
        check_columns(
            self.ids,
            texts=self.texts,
            pairs=self.pairs,
            references=self.references,
            reference_labels=self.reference_labels,
        )
        if (self.references is None) != (self.reference_labels is None):
            raise ValueError("references and reference_labels belong together: give both or neither")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Return the index of each row's most probable label, the first one among equals, ``[rows]``.

        Of two labels with a threshold it is the second one from there on. A row without an answer has one too.
        """
        if self.decision.thresholds:
            return np.asarray(self.probabilities[:, 1] >= self.decision.thresholds[1], dtype=np.int64)
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Return the probability of each row's predicted label, ``[rows]``."""
        if self.decision.thresholds:
            of_predicted = np.take_along_axis(self.probabilities, self.predicted[:, np.newaxis], axis=1)[:, 0]
            return np.asarray(of_predicted, dtype=np.float64)
        return np.asarray(self.probabilities.max(axis=1), dtype=np.float64)

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Return which rows have an answer, ``[rows]``: all but those that the model abstains from."""
        return np.asarray(self.confidence >= self.decision.abstain_below)

    @property
    def answers(self) -> list[str | None]:
        """Return the name of each row's predicted label, None where the model abstains, ``[rows]``."""
        return [self.labels[label] if told else None for label, told in zip(self.predicted, self.answered, strict=True)]

    @property
    def expected(self) -> list[str] | None:
        """Return the references, in the form of `answers`, ``[rows]``."""
        return self.references

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Return which rows were given another label than they have, ``[rows]``.

        Raises:
            ValueError: there are no references.
        """
        if self.reference_labels is None:
            raise ValueError("without references there are no mistakes to tell")
        return np.asarray(self.predicted != self.reference_labels)

    def columns(self) -> dict[str, list[Any]]:
        """Return columns ``id``, ``text``, ``text_pair`` and ``reference`` if any, ``prediction``, ``probability``.

        Where the model can abstain, ``decision`` says for each row whether it has, in words.
        """
        columns = input_columns(self.ids, self.texts, pairs=self.pairs, references=self.references)
        columns |= {"prediction": self.answers, "probability": self.confidence.tolist()}
        if not self.decision.abstains:
            return columns
        return columns | {"decision": [ANSWERED if told else NONE_OF_THESE for told in self.answered]}


def input_columns(
    ids: list[int | str], texts: list[str], *, pairs: list[str] | None, references: Sequence[Any] | None
) -> dict[str, list[Any]]:
    """Return the inputs as columns: ``id``, ``text``, and ``text_pair`` and ``reference`` where there are any."""
    columns: dict[str, list[Any]] = {"id": ids, "text": texts}
    if pairs is not None:
        columns["text_pair"] = pairs
    if references is not None:
        columns["reference"] = list(references)
    return columns


def check_columns(ids: Sequence[Any], **columns: Sequence[Any] | NDArray[Any] | None) -> None:
    """Check that every column that is there has as many rows as there are ids.

    Raises:
        ValueError: one has not; names it.
    """
    for name, column in columns.items():
        if column is not None and len(column) != len(ids):
            raise ValueError(f"{len(column)} {name} for {len(ids)} ids")


def check_probabilities(probabilities: NDArray[np.floating[Any]], shape: tuple[int, int]) -> None:
    """Check that probabilities have a shape ``[rows, n_labels]`` and are finite.

    Raises:
        ValueError: they are not.
    """
    if probabilities.shape != shape:
        raise ValueError(f"probabilities have the shape {probabilities.shape}; expected {shape}")
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities hold numbers that are not finite")
