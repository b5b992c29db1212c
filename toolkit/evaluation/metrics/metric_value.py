"""The value of a metric with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MetricValue:
    """A metric on one data set.

    Attributes:
        value: None if the metric is undefined on the data.
        ci95: the ends of its 95 % interval; None together with `value`.
        reason: why it is undefined.
    """

    value: float | None
    ci95: tuple[float, float] | None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return ``{"value", "ci95"}``, with ``"reason"`` if both are null."""
        interval = None if self.ci95 is None else list(self.ci95)
        undefined = {} if self.reason is None else {"reason": self.reason}
        return {"value": self.value, "ci95": interval, **undefined}


def metrics_to_json(metrics: Mapping[str, MetricValue]) -> dict[str, Any]:
    """Return metrics in the form of metrics.json: ``{name: {"value", "ci95"}}``."""
    return {name: metric.to_json() for name, metric in metrics.items()}
