"""What a run's ``metrics.json`` says, as values and words that the page and the model card both print."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.data.packaged import PREFIX
from toolkit.names import Problem
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.report.metric_words import MetricWords, metric_words

NOT_DEFINED = "not defined"
OUTSIDE = "(outside the training labels)"

_BASELINE_NAMES = {
    "majority": "Most frequent class",
    "mean": "Mean of the training scores",
    "tfidf-logistic": "TF-IDF + logistic regression",
    "tfidf-ridge": "TF-IDF + ridge regression",
    "copy-source": "Copy of the source",
    "nearest-neighbour": "Target of the nearest source",
    "character-5-gram": "5-gram of characters",
}
_MOST_FREQUENT_SET = "Most frequent set of labels"
_DECIMAL_STEP = 1000


@dataclass(frozen=True)
class Measure:
    """One metric's value with its 95 % interval; None where it is not defined."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    words: MetricWords = field(default=metric_words(""), compare=False)

    @classmethod
    def of(cls, entry: Mapping[str, Any] | None, metric: str = "") -> Measure:
        """From ``{"value": …, "ci95": [low, high]}``; what is missing, null or not finite is None."""
        entry = entry or {}
        low, high = entry.get("ci95") or (None, None)
        return cls(_finite(entry.get("value")), _finite(low), _finite(high), metric_words(metric))

    @property
    def text(self) -> str:
        """The value to the metric's places."""
        return NOT_DEFINED if self.value is None else self.words.number(self.value)

    @property
    def interval(self) -> str:
        """``0.820 to 0.860``, or nothing."""
        if self.low is None or self.high is None:
            return ""
        return f"{self.words.number(self.low)} to {self.words.number(self.high)}"

    @property
    def goodness(self) -> float:
        """What is larger for the better of two; the lowest of all without a value."""
        if self.value is None:
            return -math.inf
        return self.value if self.words.greater_is_better else -self.value


@dataclass(frozen=True)
class Result:
    """What one predictor reached on the test split.

    Attributes:
        name: in words.
        measures: by metric name.
        is_model: False for a baseline.
    """

    name: str
    measures: Mapping[str, Measure]
    is_model: bool = False


@dataclass(frozen=True)
class Confused:
    """How often one class was taken for another.

    Attributes:
        rows: with this reference and this prediction.
        of_rows: with this reference.
    """

    reference: str
    prediction: str
    rows: int
    of_rows: int


def results(metrics: Mapping[str, Any]) -> tuple[Result, ...]:
    """The trained model's result on the test split, then the baselines', in the order of the file."""
    model = Result("This model", _measures(metrics["splits"]["test"]), is_model=True)
    baselines = (
        Result(_baseline_name(name, metrics), _measures(entry)) for name, entry in metrics["baselines"].items()
    )
    return (model, *baselines)


def headline_metric(metrics: Mapping[str, Any]) -> str:
    """The metric that stands first in the recipe, and so in the file."""
    return next(str(name) for name in metrics["splits"]["test"]["metrics"])


def compared_metric(metrics: Mapping[str, Any]) -> str | None:
    """The first metric of the model that a baseline has too; None where there is none."""
    model, *baselines = results(metrics)
    return next((name for name in model.measures if any(name in r.measures for r in baselines)), None)


def metric_name(name: str) -> str:
    """A metric's name in words."""
    return metric_words(name).name


def title(metrics: Mapping[str, Any]) -> str:
    """The model's name as the beginning of a heading."""
    name: str = metrics["model"]
    return name[0].upper() + name[1:] if name == OWN_TRANSFORMER else name


def sources(metrics: Mapping[str, Any]) -> list[str]:
    """The sources of the data by name; of a packaged collection of many files only the collection."""
    named = metrics["data"]["source"].split(", ")
    return list(dict.fromkeys(n.partition("/")[0] if n.startswith(PREFIX) else n for n in named))


def headline(metrics: Mapping[str, Any]) -> str:
    """What was reached, with its interval: a sentence without its subject, the model."""
    measure = results(metrics)[0].measures[headline_metric(metrics)]
    rows = count(metrics["splits"]["test"]["rows"], "test row")
    if measure.value is None:
        return f"has no defined {measure.words.name} on {rows}"
    reached = measure.words.sentence.format(name=measure.words.name, value=measure.text)
    return f"reaches {reached}{_interval_words(measure)} on {rows}"


def comparison(metrics: Mapping[str, Any]) -> str:
    """The difference to the best baseline and whether the intervals settle it; empty without the numbers.

    It is about the headline's metric, or else about the first one that a baseline has.
    """
    metric = compared_metric(metrics)
    model, *baselines = results(metrics)
    if metric is None:
        return ""
    ours = model.measures[metric]
    known = [(r.measures[metric], r.name) for r in baselines if metric in r.measures]
    theirs, name = max(known, key=lambda pair: pair[0].goodness)
    if ours.value is None or theirs.value is None:
        return ""
    words = ours.words
    subject = "That is" if metric == headline_metric(metrics) else f"In {_told(ours)}, it is"
    place = _place(ours.value - theirs.value, words)
    direction = "" if words.greater_is_better else ", where less is better"
    sentence = f"{subject} {place} the best baseline{direction}: {name}, {theirs.text}{_interval_words(theirs)}."
    return f"{sentence} {_overlap_words(ours, theirs)}".strip()


def best_values(results: Sequence[Result]) -> dict[str, float]:
    """The best value of each metric that two or more results have, by the metric's name."""
    values: dict[str, list[Measure]] = {}
    for result in results:
        for name, measure in result.measures.items():
            values.setdefault(name, []).extend([measure] if measure.value is not None else [])
    best = {name: max(known, key=lambda m: m.goodness) for name, known in values.items() if len(known) > 1}
    return {name: measure.value for name, measure in best.items() if measure.value is not None}


def most_confused(confusion: Mapping[str, Any], *, at_most: int) -> list[Confused]:
    """The pairs of classes that were taken for each other most often, most frequent first.

    Args:
        confusion: ``labels`` and ``counts`` (rows reference, columns prediction).
        at_most: pairs to give back.
    """
    labels = confusion["labels"]
    pairs = [
        Confused(reference, labels[column], rows, sum(row))
        for index, (reference, row) in enumerate(confusion_rows(confusion))
        for column, rows in enumerate(row)
        if rows and column != index
    ]
    return sorted(pairs, key=lambda pair: -pair.rows)[:at_most]


def confusion_rows(confusion: Mapping[str, Any]) -> list[tuple[str, Sequence[int]]]:
    """Each reference with its counts; the last may stand for all references that training did not know."""
    return list(zip([*confusion["labels"], OUTSIDE], confusion["counts"], strict=False))


def costs(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every figure of ``cost`` in words, with the unit that its name ends in."""
    return [_cost(name, value) for name, value in metrics["cost"].items() if value is not None]


def count(number: int, noun: str = "") -> str:
    """``1,000 rows`` of 1000 and "row"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if noun else f"{number:,}"


def duration(seconds: float) -> str:
    """Return ``2 min 50 s`` for 170.1: two units at most, the smaller one left out where it is 0."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    units = ((hours, "h"), (minutes, "min")) if hours else ((minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in units if number)


def amount(value: float, unit: str = "") -> str:
    """``1.90 GB`` of 1,900,000,000 and "B": three digits and a decimal prefix."""
    prefixes = iter(("", "k", "M", "G"))
    prefix = next(prefixes)
    for larger in prefixes:
        if value < _DECIMAL_STEP:
            break
        value, prefix = value / _DECIMAL_STEP, larger
    digits = f"{value:.3g}" if value < _DECIMAL_STEP else f"{value:.0f}"
    return f"{digits} {prefix}{unit}".strip()


def _baseline_name(name: str, metrics: Mapping[str, Any]) -> str:
    several = metrics.get("problem") == Problem.MULTI_LABEL
    return _MOST_FREQUENT_SET if several and name == "majority" else _BASELINE_NAMES.get(name, name)


def _cost(name: str, value: float) -> tuple[str, str]:
    words, _, unit = name.rpartition("_")
    words = words.replace("_", " ")
    if unit == "seconds":
        return f"{words} time", duration(value)
    if unit == "bytes":
        return (words if words.endswith("memory") else f"{words} size"), amount(value, "B")
    return name.replace("_", " "), f"{value:,}"


def _measures(entry: Mapping[str, Any]) -> dict[str, Measure]:
    return {name: Measure.of(value, name) for name, value in entry["metrics"].items()}


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _told(measure: Measure) -> str:
    return f"{measure.words.name}, {measure.text}{_interval_words(measure)}"


def _place(difference: float, words: MetricWords) -> str:
    """``0.055 above``; a difference that would be written as nothing is told as less than the last place."""
    if not difference:
        return "equal to"
    amount = words.number(abs(difference))
    if float(amount.replace(",", "")) == 0:
        amount = f"less than {words.number(10.0**-words.places)}"
    return f"{amount} {'above' if difference > 0 else 'below'}"


def _interval_words(measure: Measure) -> str:
    return f" (95 % interval {measure.interval})" if measure.interval else ""


def _overlap_words(ours: Measure, theirs: Measure) -> str:
    if ours.low is None or ours.high is None or theirs.low is None or theirs.high is None:
        return ""
    if ours.low > theirs.high or theirs.low > ours.high:
        return "The two intervals do not overlap."
    return "The two intervals overlap: by themselves they do not settle which is better."
