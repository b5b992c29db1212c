"""Predictions of a model without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.inference.rows import PROBABILITY_OF, RowPredictions


@dataclass(frozen=True, eq=False)
class ZeroShot(RowPredictions):
    """Probabilities of every label, and the settings that they were computed with.

    Attributes:
        predictions: as of a trained model.
        scorer: similarity, mask, entailment or likelihood.
        calibration: of likelihoods; None for other scorers.
        templates: their probabilities were averaged.
        words: the verbalizer of each label.
        warnings: for the user, a line each.
    """

    predictions: Predictions
    scorer: str
    calibration: str | None
    templates: tuple[str, ...]
    words: tuple[str, ...]
    warnings: tuple[str, ...]

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of the predictions, and ``probability:<label>`` for each label."""
        by_label = zip(self.predictions.labels, self.predictions.probabilities.T, strict=True)
        return {
            **self.predictions.columns(),
            **{f"{PROBABILITY_OF}{label}": values.tolist() for label, values in by_label},
        }
