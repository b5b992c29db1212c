"""Whether the probabilities mean what they say: reliability diagram, errors, and what a temperature does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.report.charts import Axis, Tick
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.run_result import RunResult

_NAMES = {"ece": "expected calibration error", "brier": "Brier score", "nll": "negative log likelihood"}


@dataclass(frozen=True)
class ReliabilityDot:
    """Answers of neighbouring probabilities.

    Attributes:
        answers: their number.
        confidence: their mean probability.
        right: the share of right ones.
        x, y, low, high: per cent of the picture.
    """

    answers: int
    confidence: str
    right: Measure
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class CalibrationSection:
    """What the section shows.

    Attributes:
        dots: from the least to the most probable answers.
        ticks: of both axes, which have one scale.
        right_ticks: the same upwards.
        figures: name and measure of each.
        sentences: what they say.
        effect: of a temperature: name, without and with it, and the change; none where there is no temperature.
    """

    dots: tuple[ReliabilityDot, ...]
    ticks: tuple[Tick, ...]
    right_ticks: tuple[Tick, ...]
    figures: tuple[tuple[str, Measure], ...]
    sentences: tuple[str, ...]
    effect: tuple[tuple[str, Measure, Measure, Measure | None], ...]


def calibration_section(result: RunResult, language: Language) -> CalibrationSection | None:
    """Return what was found of the probabilities of the test rows; None in runs without, and of older versions."""
    found = result.test.details.get("calibration")
    if found is None:
        return None
    bins = found["bins"]
    rights = [measure_of(each["right"]) for each in bins]
    # Both axes begin where the answers do: those of a classifier are seldom below a half.
    numbers = [1.0, *(each["confidence"] for each in bins), *(right.low or 0.0 for right in rights)]
    across = Axis(numbers, start=0.0, end=100.0, round_ends=True)
    upwards = Axis(numbers, start=100.0, end=0.0, round_ends=True)
    dots = tuple(
        ReliabilityDot(
            answers=each["answers"],
            confidence=f"{each['confidence']:.3f}",
            right=right,
            x=across.at(each["confidence"]),
            y=upwards.at(right.value or 0.0),
            low=upwards.at(right.low or 0.0),
            high=upwards.at(1.0 if right.high is None else right.high),
        )
        for each, right in zip(bins, rights, strict=True)
    )
    names = [name for name in _NAMES if name in found]
    temperature = result.temperature
    return CalibrationSection(
        dots=dots,
        ticks=across.ticks,
        right_ticks=upwards.ticks,
        figures=tuple((language.name(_NAMES[name]), measure_of(found[name])) for name in names),
        sentences=(*calibration_sentences(found, language), *temperature_sentences(temperature, language)),
        effect=tuple(_effects((temperature or {}).get("test") or {}, language)),
    )


def calibration_sentences(found: Mapping[str, Any], language: Language) -> list[str]:
    """Return what the figures say.

    Args:
        found: ``calibration`` of a split.
        language: of the words.
    """
    gap = measure_of(found["gap"])
    size = f"{abs(gap.value or 0.0):.3f}"
    ends = language.interval(gap)
    if gap.low is None or gap.high is None or gap.low <= 0 <= gap.high:
        told = language.say(
            "On average its probabilities are neither too high nor too low: they differ from the share of right "
            "answers by {gap} (95 % interval {ends}).",
            gap=gap.text,
            ends=ends,
        )
    elif gap.low > 0:
        told = language.say(
            "It is too sure: on average its probabilities are {size} above the share of right answers (95 % interval "
            "{ends}).",
            size=size,
            ends=ends,
        )
    else:
        told = language.say(
            "It is not sure enough: on average its probabilities are {size} below the share of right answers (95 % "
            "interval of the difference {ends}).",
            size=size,
            ends=ends,
        )
    chance = found["ece"]["by_chance"]
    beyond = (found["ece"]["value"] or 0.0) > chance
    said = "which this model exceeds" if beyond else "which this model does not exceed"
    return [
        told,
        language.say(
            "Perfect probabilities would stay below an expected calibration error of {chance} in 95 of 100 samples of "
            "{n} answers, {said}.",
            chance=f"{chance:.3f}",
            n=found["answers"],
            said=language.name(said),
        ),
    ]


def temperature_sentences(temperature: Mapping[str, Any] | None, language: Language) -> list[str]:
    """Return what the validation rows say of a temperature.

    Args:
        temperature: of a run; None where there are no such rows.
        language: of the words.
    """
    if temperature is None:
        return []
    rows = language.count(temperature["rows"], "validation row")
    if temperature["value"] is None:
        reason = language.told(temperature["reason"])
        return [language.say("There is no temperature: {reason}.", reason=reason)]
    value = f"{temperature['value']:.3g}"
    if temperature["kept"]:
        return [
            language.say(
                "The {rows} chose the temperature {value}. The logits of the saved model are divided by it, so every "
                "program has these probabilities.",
                rows=rows,
                value=value,
            )
        ]
    return [
        language.say(
            "The {rows} choose the temperature {value}, by which logits would be divided; the model does not have it. "
            "evaluation.calibrate: true saves it with the model.",
            rows=rows,
            value=value,
        )
    ]


def measure_of(entry: Mapping[str, Any]) -> Measure:
    """Return a value of metrics.json with its interval."""
    ends = entry.get("ci95")
    return Measure.of(MetricValue(entry["value"], None if ends is None else (ends[0], ends[1])))


def _effects(test: Mapping[str, Any], language: Language) -> Sequence[tuple[str, Measure, Measure, Measure | None]]:
    return [
        (
            language.name(_NAMES[name]),
            measure_of(each["without"]),
            measure_of(each["with"]),
            measure_of(each["change"]) if "change" in each else None,
        )
        for name, each in test.items()
        if name in _NAMES
    ]
