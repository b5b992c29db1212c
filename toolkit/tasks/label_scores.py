"""How well one label is told: its precision and recall, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.evaluation.decision.proportion import share
from toolkit.evaluation.metrics.metric_value import MetricValue


@dataclass(frozen=True)
class LabelScore:
    """Precision and recall of a label.

    Attributes:
        label: its name.
        rows: that have it.
        given: that were given it.
        precision: of those that were given it, the share that have it.
        recall: of those that have it, the share that were given it.
    """

    label: str
    rows: int
    given: int
    precision: MetricValue
    recall: MetricValue

    @classmethod
    def of_counts(cls, label: str, *, rows: int, given: int, hits: int) -> LabelScore:
        """Return the scores of counted rows, with exact 95 % intervals."""
        return cls(label, rows, given, share(hits, given), share(hits, rows))

    @property
    def f1(self) -> float:
        """Return the harmonic mean of both; 0 where one of them is not defined."""
        precision, recall = self.precision.value or 0.0, self.recall.value or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
