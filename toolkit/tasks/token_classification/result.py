"""The result of an evaluation: metrics with their intervals, of all entities and of each label, and mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolkit.data.wording import listed
from toolkit.evaluation.decision.reliability import Said, measure_reliability
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json
from toolkit.tasks.token_classification.metrics import measure, sums_of
from toolkit.tasks.token_classification.predictions import TagPredictions

MOST_LABELS = 100
"""Labels that are measured by themselves, the most frequent ones."""

MOST_SAMPLES = 20

OF_A_LABEL = ("entity_f1", "entity_precision", "entity_recall")


@dataclass(frozen=True, eq=False)
class TagResult:
    """The result on one split.

    Attributes:
        rows: evaluated sentences.
        metrics: in the order of their names in the recipe.
        by_label: of each label its counts and metrics.
        mistakes: sentences with the most wrong entities, with what was found and what was right.
        warnings: what makes the numbers less than they seem, a line each.
        predictions: that were evaluated.
    """

    rows: int
    metrics: dict[str, MetricValue]
    by_label: dict[str, dict[str, Any]]
    mistakes: list[dict[str, Any]]
    warnings: tuple[str, ...]
    predictions: TagPredictions

    def samples(self) -> list[dict[str, Any]]:
        """Return the mistakes."""
        return self.mistakes

    def to_json(self) -> dict[str, Any]:
        """Return the split's entry in metrics.json.

        ``{"rows", "metrics": {name: {"value", "ci95"}}, "by_label": {label: {"entities", "predicted", "metrics"}}}``,
        and ``calibration`` of the entities that were found, where there are any.
        """
        entry = {"rows": self.rows, "metrics": metrics_to_json(self.metrics), "by_label": self.by_label}
        reliability = measure_reliability(said_of(self.predictions))
        return entry if reliability is None else {**entry, "calibration": reliability.to_json()}


def evaluate_tags(predictions: TagPredictions, metrics: Sequence[str], *, labels: Sequence[str] = ()) -> TagResult:
    """Evaluate what was found against the references.

    Args:
        predictions: with references.
        metrics: keys of `toolkit.tasks.token_classification.metrics.METRICS`.
        labels: tags that the model knows; none: it is not known which.

    Raises:
        RecipeError: the name of a metric is unknown.
        ValueError: there are no references, or no rows.
    """
    return TagResult(
        rows=len(predictions.ids),
        metrics=measure(metrics, sums_of(predictions)),
        by_label=_by_label(predictions),
        mistakes=mistakes_in(predictions.columns()),
        warnings=_warnings(predictions, labels),
        predictions=predictions,
    )


def said_of(predictions: TagPredictions) -> Said:
    """Return the entities that were found, with their probabilities, and whether they are right."""
    rows: list[int] = []
    probabilities: list[float] = []
    right: list[bool] = []
    for row, (entities, expected) in enumerate(zip(predictions.entities, predictions.references or (), strict=True)):
        places = {(each.start, each.end, each.label) for each in expected}
        for each in entities:
            if each.probability is not None:
                rows.append(row)
                probabilities.append(each.probability)
                right.append((each.start, each.end, each.label) in places)
    of_rows, said, hits = np.array(rows, dtype=np.int64), np.array(probabilities), np.array(right, dtype=np.bool_)
    squares = np.bincount(of_rows, weights=(said - hits) ** 2, minlength=len(predictions.ids)).astype(np.float64)
    return Said(of_rows, said, hits, len(predictions.ids), {"brier": squares})


def _by_label(predictions: TagPredictions) -> dict[str, dict[str, Any]]:
    expected = Counter(each.label for row in predictions.references or () for each in row)
    predicted = Counter(each.label for row in predictions.entities for each in row)
    frequent = (expected | predicted).most_common(MOST_LABELS)
    return {
        label: {
            "entities": expected[label],
            "predicted": predicted[label],
            "metrics": metrics_to_json(measure(OF_A_LABEL, sums_of(predictions, label))),
        }
        for label in sorted(label for label, _ in frequent)
    }


def mistakes_in(columns: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Return the sentences with the most wrong or missing entities, from columns of written predictions."""
    if "reference" not in columns:
        return []
    wrong = [_n_wrong(*each) for each in zip(columns["reference"], columns["entities"], strict=True)]
    worst = sorted((row for row, count in enumerate(wrong) if count), key=lambda row: -wrong[row])[:MOST_SAMPLES]
    return [{name: columns[name][row] for name in ("id", "text", "reference", "entities")} for row in worst]


def _n_wrong(expected: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> int:
    ours, theirs = ({(each["start"], each["end"], each["label"]) for each in row} for row in (found, expected))
    return len(ours ^ theirs)


def _warnings(predictions: TagPredictions, labels: Sequence[str]) -> tuple[str, ...]:
    known = set(labels)
    strange = Counter(tag for row in predictions.reference_tags or () for tag in row if known and tag not in known)
    if not strange:
        return ()
    return (f"{strange.total():,} words have tags that the model does not know ({listed(sorted(strange))}): wrong",)
