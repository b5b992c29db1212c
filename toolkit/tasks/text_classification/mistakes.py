"""The rows where a model is most sure and wrong, or furthest off: often wrong labels, or what it has not learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predictions import Predictions


@dataclass(frozen=True)
class Mistake:
    """One row that was given a wrong label, or wrong labels.

    Attributes:
        id: of the row.
        text: of the row.
        reference: the label it has, or several of them.
        prediction: the label it was given, or several of them.
        probability: of the prediction, 0 to 1; of several labels that of the least sure decision.
        text_pair: of the row, where it has one.
    """

    id: int | str
    text: str
    reference: str
    prediction: str
    probability: float
    text_pair: str | None = None


@dataclass(frozen=True)
class LargeError:
    """One row whose number is far from the right one.

    Attributes:
        id: of the row.
        text: of the row.
        reference: the right number.
        prediction: the number that it was given.
        text_pair: of the row, where it has one.
    """

    id: int | str
    text: str
    reference: float
    prediction: float
    text_pair: str | None = None


def most_confident_mistakes(predictions: Predictions | LabelSetPredictions, n: int = 10) -> tuple[Mistake, ...]:
    """Return the `n` wrong rows with the highest probability, in the order of the data among equals.

    Raises:
        ValueError: the predictions have no references.
    """
    answers, confidence = predictions.answers, predictions.confidence
    # An answer that was withheld is no mistake.
    wrong = np.array([row for row in np.flatnonzero(predictions.wrong) if answers[row] is not None], dtype=np.int64)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")[:n]]
    references = predictions.expected or ()
    return tuple(
        Mistake(
            id=predictions.ids[row],
            text=predictions.texts[row],
            reference=references[row] or "",
            prediction=answers[row] or "",
            probability=float(confidence[row]),
            text_pair=None if predictions.pairs is None else predictions.pairs[row],
        )
        for row in surest
    )


def largest_errors(predictions: NumberPredictions, n: int = 10) -> tuple[LargeError, ...]:
    """Return the `n` rows with the largest difference, in the order of the data among equals.

    Raises:
        ValueError: a row has no reference.
    """
    expected, predicted = predictions.expected, predictions.predicted
    return tuple(
        LargeError(
            id=predictions.ids[row],
            text=predictions.texts[row],
            reference=float(expected[row]),
            prediction=float(predicted[row]),
            text_pair=None if predictions.pairs is None else predictions.pairs[row],
        )
        for row in np.argsort(-np.abs(predicted - expected), kind="stable")[:n]
    )


def mistakes_in(columns: Mapping[str, Sequence[Any]], n: int = 10) -> list[dict[str, Any]]:
    """Return the most confident mistakes of written predictions, each with the fields of `Mistake`."""
    wrong = [row for row in _rows(columns) if row["prediction"] not in (None, row["reference"])]
    return [_fields(Mistake, row) for row in sorted(wrong, key=lambda row: -row["probability"])[:n]]


def errors_in(columns: Mapping[str, Sequence[Any]], n: int = 10) -> list[dict[str, Any]]:
    """Return the largest errors of written predictions, each with the fields of `LargeError`."""
    furthest = sorted(_rows(columns), key=lambda row: -abs(row["prediction"] - row["reference"]))
    return [_fields(LargeError, row) for row in furthest[:n]]


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _fields(kind: type[Mistake] | type[LargeError], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that are fields of `kind`; None where there is no such column."""
    return {field.name: row.get(field.name) for field in fields(kind)}
