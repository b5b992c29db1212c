"""The rows where a model is most sure and wrong: often wrong labels, or what it has not learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from toolkit.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Mistake:
    """One row that was given a wrong label.

    Attributes:
        id: of the row.
        text: of the row.
        reference: the label it has.
        prediction: the label it was given.
        probability: of the prediction, 0 to 1.
    """

    id: int | str
    text: str
    reference: str
    prediction: str
    probability: float


def most_confident_mistakes(predictions: Predictions, n: int = 10) -> tuple[Mistake, ...]:
    """The `n` wrong rows with the highest probability, in the order of the data among equals.

    Raises:
        ValueError: the predictions have no references.
    """
    if predictions.references is None or predictions.reference_labels is None:
        raise ValueError("without references there are no mistakes to tell")
    predicted, confidence = predictions.predicted, predictions.confidence
    wrong = np.flatnonzero(predicted != predictions.reference_labels)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")[:n]]
    return tuple(
        Mistake(
            id=predictions.ids[row],
            text=predictions.texts[row],
            reference=predictions.references[row],
            prediction=predictions.labels[predicted[row]],
            probability=float(confidence[row]),
        )
        for row in surest
    )
