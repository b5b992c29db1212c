"""The rows where a model is most sure and wrong, or furthest off: often wrong labels, or what it has not learnt."""

from __future__ import annotations

from dataclasses import dataclass

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
    """The `n` wrong rows with the highest probability, in the order of the data among equals.

    Raises:
        ValueError: the predictions have no references.
    """
    wrong, confidence = np.flatnonzero(predictions.wrong), predictions.confidence
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")[:n]]
    answers = predictions.answers
    references = predictions.expected or ()
    return tuple(
        Mistake(
            id=predictions.ids[row],
            text=predictions.texts[row],
            reference=references[row] or "",
            prediction=answers[row],
            probability=float(confidence[row]),
            text_pair=None if predictions.pairs is None else predictions.pairs[row],
        )
        for row in surest
    )


def largest_errors(predictions: NumberPredictions, n: int = 10) -> tuple[LargeError, ...]:
    """The `n` rows with the largest difference, in the order of the data among equals.

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
