"""What a classifier's probabilities are worth: calibration, and precision by recall of each label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.decision.precision_recall import precision_recall
from toolkit.evaluation.decision.reliability import Said, measure_reliability
from toolkit.evaluation.decision.temperature import Temperature, fit_temperature, tempered
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.metrics.paired import paired_difference
from toolkit.names import Problem

MOST_CURVES = 12
"""Labels whose curves are kept, those of the most rows; the average precision of every label is."""

_Values = NDArray[np.floating[Any]]
_Truth = NDArray[np.bool_]


def measure_probabilities(predictions: Predictions | LabelSetPredictions) -> dict[str, Any]:
    """Return ``calibration`` and ``precision_recall`` of a split in metrics.json.

    Calibration is that of the most probable class, or of each label's own probability, whatever was chosen to follow
    from them. Rows of a class that the model does not have are left out of it. Of three classes and more there is no
    probability from which one is given, and so no curve.

    Args:
        predictions: with references.
    """
    several = predictions.problem is Problem.MULTI_LABEL
    found: dict[str, Any] = {}
    truth, known = _truth_of(predictions)
    reliability = measure_reliability(said_of(predictions.probabilities[known], truth[known], several=several))
    if reliability is not None:
        found["calibration"] = reliability.to_json()
    if several or len(predictions.labels) == 2:
        found["precision_recall"] = _curves(predictions.labels, predictions, truth)
    return found


def choose_temperature(predictions: Predictions | LabelSetPredictions) -> Temperature:
    """Find the temperature of the validation rows.

    Args:
        predictions: of them, with references.
    """
    truth, known = _truth_of(predictions)
    several = predictions.problem is Problem.MULTI_LABEL
    return fit_temperature(predictions.probabilities[known], truth[known], several=several)


def measure_temperature(
    predictions: Predictions | LabelSetPredictions, temperature: float, *, kept: bool
) -> dict[str, Any]:
    """Measure rows with a temperature and without it.

    Args:
        predictions: of the test rows, with references.
        temperature: of the validation rows.
        kept: whether the probabilities are those with it already.

    Returns:
        By figure (``ece``, ``brier``, ``nll``) ``{"without", "with", "change"}``; the change of a loss has the interval
        of its paired difference. Empty where no row has a label that the model knows.
    """
    truth, known = _truth_of(predictions)
    if not known.any():
        return {}
    several = predictions.problem is Problem.MULTI_LABEL
    here, labels = predictions.probabilities[known], truth[known]
    there = tempered(here, 1 / temperature if kept else temperature, several=several)
    without, with_it = (there, here) if kept else (here, there)
    measured = [measure_reliability(said_of(each, labels, several=several)) for each in (without, with_it)]
    before, after = (None if each is None else each.to_json() for each in measured)
    if before is None or after is None:
        return {}
    losses = [losses_of(each, labels, several=several) for each in (without, with_it)]
    n_decisions = labels.shape[1] if several else 1
    found: dict[str, Any] = {"ece": {"without": before["ece"], "with": after["ece"]}}
    for name in losses[0]:
        change = paired_difference(losses[1][name] / n_decisions, losses[0][name] / n_decisions)
        found[name] = {"without": before[name], "with": after[name], "change": change.to_json()}
    return found


def said_of(probabilities: _Values, truth: _Truth, *, several: bool) -> Said:
    """Return answers with their probabilities: the most probable class, or each label.

    Args:
        probabilities: ``[rows, n_labels]``
        truth: which labels each row has. ``[rows, n_labels]``
        several: whether each label is a decision of its own.
    """
    n_rows, n_labels = probabilities.shape
    losses = losses_of(probabilities, truth, several=several)
    if several:
        return Said(np.repeat(np.arange(n_rows), n_labels), probabilities.ravel(), truth.ravel(), n_rows, losses)
    best = probabilities.argmax(axis=1) if n_rows else np.empty(0, dtype=np.int64)
    every = np.arange(n_rows)
    return Said(every, probabilities[every, best], truth[every, best], n_rows, losses)


def losses_of(probabilities: _Values, truth: _Truth, *, several: bool) -> dict[str, NDArray[np.float64]]:
    """Return the Brier score and the negative log likelihood of each row, ``[rows]``; of several labels their sums.

    The Brier score is the squared error of the probabilities (Brier 1950,
    https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2), summed over three classes and more; of two classes
    that of one of them. Both are as scikit-learn has them.
    """
    values = probabilities.astype(np.float64)
    squares = ((values - truth) ** 2).sum(axis=1)
    if not several and values.shape[1] == 2:
        squares = squares / 2
    least = float(np.finfo(np.float32).eps)  # below it a probability is 0 in the network's own numbers
    of_truth = np.where(truth, values, 1 - values) if several else values
    logs = np.log(np.clip(of_truth, least, 1.0))
    return {"brier": squares, "nll": -(logs if several else np.where(truth, logs, 0.0)).sum(axis=1)}


def _truth_of(predictions: Predictions | LabelSetPredictions) -> tuple[_Truth, _Truth]:
    """Return which labels each row has, ``[rows, n_labels]``, and which rows have those that the model knows."""
    if isinstance(predictions, LabelSetPredictions):
        return predictions.reference_sets, np.ones(len(predictions), dtype=bool)
    references = np.asarray(predictions.reference_labels)
    return references[:, np.newaxis] == np.arange(len(predictions.labels)), references >= 0


def _curves(
    labels: Sequence[str], predictions: Predictions | LabelSetPredictions, truth: _Truth
) -> list[dict[str, Any]]:
    """Return the curve of each label; beyond `MOST_CURVES` without its points."""
    predicted = predictions.predicted
    given = predicted if predicted.ndim == 2 else predicted[:, np.newaxis] == np.arange(len(labels))
    columns = [
        precision_recall(scores, having, told)
        for scores, having, told in zip(predictions.probabilities.T, truth.T, given.T, strict=True)
    ]
    by_rows = sorted(range(len(labels)), key=lambda place: -columns[place].rows)
    kept = set(by_rows[:MOST_CURVES])
    return [
        {"label": label, **column.to_json(), **({} if place in kept else {"curve": []})}
        for place, (label, column) in enumerate(zip(labels, columns, strict=True))
    ]
