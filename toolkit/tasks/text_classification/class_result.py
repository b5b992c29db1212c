"""The honest result of an evaluation: each metric with its interval, confusion and mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.decision.abstention import measure_abstention
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.metrics.classes import compute_metrics, metric_classes
from toolkit.evaluation.metrics.confusion import Confusion
from toolkit.evaluation.metrics.intervals import bootstrap_interval
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json
from toolkit.evaluation.metrics.tally import UNKNOWN, count_cells
from toolkit.tasks.text_classification.mistakes import Mistake, most_confident_mistakes
from toolkit.tasks.text_classification.probabilities import measure_probabilities

__all__ = ["Evaluation", "MetricValue", "evaluate_predictions", "measure", "metrics_to_json"]


MOST_CLASSES_IN_A_MATRIX = 200


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came out on one split.

    Attributes:
        rows: evaluated rows, those with an unknown label included.
        metrics: in the order asked for.
        confusion: which labels were taken for which.
        mistakes: the most confident ones.
        warnings: what makes the numbers less than they seem, one line each.
        predictions: that were evaluated.
        abstention: of `toolkit.evaluation.decision.abstention.measure_abstention`; None where every row is answered.
            The metrics are those of the most probable class of all rows.
    """

    rows: int
    metrics: dict[str, MetricValue]
    confusion: Confusion
    mistakes: tuple[Mistake, ...]
    warnings: tuple[str, ...]
    predictions: Predictions
    abstention: Mapping[str, Any] | None = None

    def samples(self) -> list[dict[str, Any]]:
        """Return the mistakes."""
        return [asdict(mistake) for mistake in self.mistakes]

    def to_json(self) -> dict[str, Any]:
        """Return the split's entry in metrics.json.

        ``{"rows", "metrics": {name: {"value", "ci95"}}, "confusion": {"labels", "counts"}}``, and what
        `measure_probabilities` gives; a confusion matrix of more than `MOST_CLASSES_IN_A_MATRIX` labels is left out.
        """
        entry: dict[str, Any] = {"rows": self.rows, "metrics": metrics_to_json(self.metrics)}
        if len(self.confusion.labels) <= MOST_CLASSES_IN_A_MATRIX:
            counts = self.confusion.matrix()
            # The last row is of labels that training does not have.
            known = counts if counts[-1].any() else counts[:-1]
            entry["confusion"] = {"labels": list(self.confusion.labels), "counts": known.tolist()}
        abstention = {} if self.abstention is None else {"abstention": dict(self.abstention)}
        # Measured here: the many parts of the rows that are measured by themselves have no use for it.
        return {**entry, **abstention, **measure_probabilities(self.predictions)}


def measure(
    names: Sequence[str], *, predictions: ArrayLike, references: ArrayLike, n_labels: int, seed: int = 0
) -> dict[str, MetricValue]:
    """Compute metrics with their intervals, for a model and its baselines alike.

    Args:
        names: keys of `toolkit.evaluation.metrics.classes.METRICS`.
        predictions: label numbers. ``[rows]``
        references: label numbers, or `UNKNOWN`. ``[rows]``
        n_labels: labels of the training data.
        seed: of the intervals' resamples.

    Raises:
        RecipeError: a name is unknown.
        ValueError: the rows are not what `count_cells` takes.
    """
    values = compute_metrics(names, predictions=predictions, references=references, n_labels=n_labels)
    intervals = bootstrap_interval(names, predictions=predictions, references=references, n_labels=n_labels, seed=seed)
    reasons = {name: metric.undefined for name, metric in metric_classes(names).items()}
    return {
        name: MetricValue(value, intervals[name], reasons[name] if value is None else None)
        for name, value in values.items()
    }


def evaluate_predictions(predictions: Predictions, *, metrics: Sequence[str], seed: int = 0) -> Evaluation:
    """Evaluate what a model predicted against the references.

    Args:
        predictions: with references.
        metrics: keys of `toolkit.evaluation.metrics.classes.METRICS`.
        seed: of the intervals' resamples.

    Raises:
        RecipeError: the name of a metric is unknown.
        ValueError: there are no references, or no rows.
    """
    references = predictions.reference_labels
    if references is None:
        raise ValueError("predictions without references cannot be evaluated")
    predicted, n_labels = predictions.predicted, len(predictions.labels)
    return Evaluation(
        rows=len(predictions),
        metrics=measure(metrics, predictions=predicted, references=references, n_labels=n_labels, seed=seed),
        confusion=Confusion(predictions.labels, count_cells(predicted, references, n_labels=n_labels)),
        mistakes=most_confident_mistakes(predictions),
        warnings=_warnings(predictions, references),
        predictions=predictions,
        abstention=_abstention(predictions),
    )


def _abstention(predictions: Predictions) -> dict[str, Any] | None:
    decision = predictions.decision
    if not decision.abstains:
        return None
    return measure_abstention(predictions.confidence, ~predictions.wrong, abstain_below=decision.abstain_below)


def _warnings(predictions: Predictions, references: NDArray[np.int64]) -> tuple[str, ...]:
    warnings = []
    unknown = np.flatnonzero(references == UNKNOWN)
    if unknown.size and predictions.references is not None:
        names = sorted({predictions.references[row] for row in unknown})
        warnings.append(
            f"{unknown.size} of {len(predictions)} rows have a label that the training data does not have "
            f"({some_names(names)}): they count as wrong"
        )
    present = np.bincount(references[references != UNKNOWN], minlength=len(predictions.labels))
    absent = [predictions.labels[label] for label in np.flatnonzero(present == 0)]
    if absent:
        warnings.append(
            f"{len(absent)} of {len(predictions.labels)} labels of the training data have no row here "
            f"({some_names(absent)}): they count as 0 in macro averages"
        )
    return tuple(warnings)


def some_names(names: Sequence[str], n: int = 5) -> str:
    """Quote the first few of some names."""
    return ", ".join(repr(name) for name in names[:n]) + (" …" if len(names) > n else "")
