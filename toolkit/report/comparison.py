"""Comparison of the model with the best baseline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.evaluation.metrics.difference import Difference, is_tie
from toolkit.report.measures import Measure, headline_metric, results
from toolkit.report.metric_words import MetricWords, metric_words
from toolkit.run_result import RunResult


class Verdict(StrEnum):
    """What a paired difference shows of the first of two."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "open"


@dataclass(frozen=True)
class Comparison:
    """The model beside the best baseline in one metric; both have a value.

    Attributes:
        ours, theirs: the values.
        baseline: its name in words.
        is_headline: whether the metric is that of the headline.
        paired: our value minus theirs on the same resamples of the rows; None in runs of older versions.
    """

    ours: Measure
    theirs: Measure
    baseline: str
    is_headline: bool
    paired: Difference | None = None

    @property
    def difference(self) -> float:
        """Return our value minus theirs."""
        return (self.ours.value or 0.0) - (self.theirs.value or 0.0)

    @property
    def is_beaten(self) -> bool:
        """Return whether the model is better than the baseline."""
        return self.ours.goodness > self.theirs.goodness

    @property
    def is_shown_beaten(self) -> bool:
        """Return whether the paired difference shows the model to be better; without one whether the values do."""
        return self.is_beaten if self.verdict is None else self.verdict is Verdict.BETTER

    @property
    def verdict(self) -> Verdict | None:
        """Return what the paired difference shows; None without one."""
        return None if self.paired is None else _verdict(self.paired, self.ours.words)

    @property
    def ends(self) -> tuple[str, str]:
        """Return the ends of the interval of the paired difference, to the metric's places."""
        low, high = (0.0, 0.0) if self.paired is None else (self.paired.low, self.paired.high)
        return self.ours.words.number(low), self.ours.words.number(high)

    @property
    def size(self) -> str:
        """Return the amount of the difference to the metric's places; empty where that is nothing."""
        amount = self.ours.words.number(abs(self.difference))
        return amount if self.difference and float(amount.replace(",", "")) else ""

    @property
    def last_place(self) -> str:
        """Return the smallest amount that the metric's places can show."""
        return self.ours.words.number(10.0**-self.ours.words.places)


def verdict_of(difference: Difference, metric: str) -> Verdict | None:
    """Return what a paired difference in a metric shows of the first of two; None where neither end is better."""
    words = metric_words(metric)
    return None if words.greater_is_better is None else _verdict(difference, words)


def _verdict(difference: Difference, words: MetricWords) -> Verdict:
    if is_tie(difference):
        return Verdict.OPEN
    return Verdict.BETTER if (difference.value > 0) is (words.greater_is_better is True) else Verdict.WORSE


def compared_metric(result: RunResult) -> str | None:
    """Return the first metric with a better end that the model and a baseline have; None where there is none."""
    model, *baselines = results(result)
    directed = [name for name, measure in model.measures.items() if measure.words.greater_is_better is not None]
    return next((name for name in directed if any(name in each.measures for each in baselines)), None)


def comparison(result: RunResult) -> Comparison | None:
    """Compare in the headline's metric, or else in the first one that a baseline has; None without the numbers."""
    metric = compared_metric(result)
    return None if metric is None else compare_in(result, metric)


def compare_in(result: RunResult, metric: str) -> Comparison | None:
    """Compare in one metric; None where neither of two values is better, or the model or all baselines have none.

    Args:
        result: of the run.
        metric: that the model was measured by.
    """
    return max(_compared_in(result, metric), key=lambda found: found.theirs.goodness, default=None)


def unbeaten(result: RunResult) -> Comparison | None:
    """Compare with a free baseline that the model is not shown to be better than; None where it beats all of them.

    One that is shown to be better comes before the others, and of equals the one with the best value.
    """
    metric = compared_metric(result)
    left = [] if metric is None else [each for each in _compared_in(result, metric) if not each.is_shown_beaten]
    return max(left, key=lambda found: (found.verdict is Verdict.WORSE, found.theirs.goodness), default=None)


def _compared_in(result: RunResult, metric: str) -> list[Comparison]:
    """Compare with each baseline that has a value, in the order of the file."""
    model, *baselines = results(result)
    ours = model.measures[metric]
    if ours.words.greater_is_better is None or ours.value is None:
        return []
    is_headline = metric == headline_metric(result)
    return [
        Comparison(ours, theirs, baseline.name, is_headline, baseline.below.get(metric))
        for baseline in baselines
        if (theirs := baseline.measures.get(metric)) is not None and theirs.value is not None
    ]
