"""Metrics of the model and of each baseline on the test split."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.report.metric_words import MetricWords, metric_words
from toolkit.run_result import RunResult
from toolkit.tasks import room_of

NOT_DEFINED = "not defined"


@dataclass(frozen=True)
class Measure:
    """Value of a metric with its 95 % interval; None where it is not defined."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    words: MetricWords = field(default=metric_words(""), compare=False)

    @classmethod
    def of(cls, entry: MetricValue, metric: str = "") -> Measure:
        """Return a metric's value with its words; numbers that are not finite become None."""
        low, high = entry.ci95 or (None, None)
        return cls(_finite(entry.value), _finite(low), _finite(high), metric_words(metric))

    @property
    def text(self) -> str:
        """Return the value to the metric's places."""
        return NOT_DEFINED if self.value is None else self.words.number(self.value)

    @property
    def interval(self) -> str:
        """Return ``0.820 to 0.860``, or nothing."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.words.number(self.low)} to {self.words.number(self.high)}"

    @property
    def goodness(self) -> float:
        """Return a number that is larger for the better of two values; the lowest of all without a value."""
        if self.value is None:
            return -math.inf
        return self.value if self.words.greater_is_better else -self.value

    def is_apart(self, other: Measure) -> bool | None:
        """Return whether two intervals do not overlap; None where one of them is not known."""
        if self.low is None or self.high is None or other.low is None or other.high is None:
            return None
        return self.low > other.high or other.low > self.high


@dataclass(frozen=True)
class Result:
    """Metrics of one predictor on the test split.

    Attributes:
        name: in words.
        measures: by metric name.
        is_model: False for a baseline.
        below: of a baseline, how far it is below the model on the same rows, by metric name.
    """

    name: str
    measures: Mapping[str, Measure]
    is_model: bool = False
    below: Mapping[str, Difference] = field(default_factory=dict)


def results(result: RunResult) -> tuple[Result, ...]:
    """Return the model's metrics on the test split, then those of the baselines, in the order of the file."""
    names = room_of(result.task).pages.baseline_names(result)
    model = Result("This model", _measures(result.test.metrics), is_model=True)
    baselines = (
        Result(names.get(name, name), _measures(baseline.metrics), below=baseline.differences)
        for name, baseline in result.baselines.items()
    )
    return (model, *baselines)


def headline_metric(result: RunResult) -> str:
    """Return the metric that stands first in the recipe, and so in the file."""
    return next(iter(result.test.metrics))


def best_values(results: Sequence[Result]) -> dict[str, float]:
    """Return the best value of each metric that two or more results have, by its name; none where none is better."""
    values: dict[str, list[Measure]] = {}
    for result in results:
        for name, measure in result.measures.items():
            if measure.words.greater_is_better is None:
                continue
            values.setdefault(name, []).append(measure)
    best = {name: max(known, key=lambda m: m.goodness) for name, known in values.items() if len(known) > 1}
    return {name: measure.value for name, measure in best.items() if measure.value is not None}


def metric_name(name: str) -> str:
    """Return a metric's name in words."""
    return metric_words(name).name


def without_baseline(results: Iterable[Result]) -> list[str]:
    """Return the metrics of the model that no baseline has."""
    model, *baselines = results
    return [name for name in model.measures if not any(name in baseline.measures for baseline in baselines)]


def _measures(metrics: Mapping[str, MetricValue]) -> dict[str, Measure]:
    return {name: Measure.of(value, name) for name, value in metrics.items()}


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
