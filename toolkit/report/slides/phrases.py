"""Names, figures and ends of attempts in the words of slides."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from toolkit.evaluation.metrics.difference import Difference
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.report.metric_words import metric_words
from toolkit.report.slides.deck import Spot
from toolkit.report.story import Attempt, Figure, Versus
from toolkit.report.story_words import end_text, seconds_text
from toolkit.wording import number

_CHANGES = 3
"""Changed keys that a row of a table tells; the others are counted."""


class Phrases:
    """What slides say of figures and attempts.

    Args:
        language: of the story.
    """

    def __init__(self, language: Language) -> None:
        self.language, self.say = language, language.say

    def task(self, name: str) -> str:
        """Return a task's name."""
        told = self.language.name(name)
        return told if told != name else name.replace("-", " ").capitalize()

    def metric(self, name: str) -> str:
        """Return a metric's name."""
        return self.language.name(metric_words(name).name)

    def figure(self, figure: Figure | None) -> str:
        """Return a value with its interval in brackets, or that there is none."""
        return "–" if figure is None else self.measure(figure.measure)

    def measure(self, measure: Measure) -> str:
        """Return a value with its interval in brackets; one without says so."""
        if measure.value is None:
            return self.language.name("not defined")
        if measure.low is None or measure.high is None:
            return f"{measure.text} ({self.say('no interval')})"
        low, high = measure.words.number(measure.low), measure.words.number(measure.high)
        return f"{measure.text} ({self.say('{low} to {high}', low=low, high=high)})"

    def difference(self, found: Difference | None, metric: str) -> str:
        """Return a paired difference with its sign and its interval."""
        if found is None:
            return "–"
        value, low, high = (_signed(each, metric) for each in (found.value, found.low, found.high))
        return f"{value} ({self.say('{low} to {high}', low=low, high=high)})"

    def duration(self, seconds: float | None) -> str:
        """Return ``2 min 50 s`` in the language."""
        return seconds_text(seconds, self.language)

    def run(self, letter: str | None, name: str) -> str:
        """Return a run by its letter and the last part of its folder's name; a baseline by its name."""
        return self.language.name(name) if letter is None else f"{letter} · {PurePath(name).name or name}"

    def end(self, attempt: Attempt) -> str:
        """Return how an attempt ended."""
        return end_text(attempt, self.language)

    def what(self, attempt: Attempt) -> str:
        """Return what was tried: what changed against an earlier attempt, or else model and method."""
        trial = attempt.trial
        name = PurePath(trial.output_dir).name or trial.recipe
        whole = f"{name}: {trial.model}, {trial.method}"
        if attempt.parent is None or not attempt.changed or len(attempt.changed) > 2 * _CHANGES:
            return whole
        told = [
            f"{key.rpartition('.')[2]} {_short(before)} → {_short(after)}" for key, before, after in attempt.changed
        ]
        rest = len(told) - _CHANGES
        more = [self.say("{n} more", n=rest)] if rest > 0 else []
        changed = ", ".join([*told[:_CHANGES], *more])
        return self.say("{name}: as #{parent}, but {changed}", name=name, parent=attempt.parent, changed=changed)

    def why(self, attempt: Attempt) -> str:
        """Return what an attempt ended with."""
        error = attempt.trial.error or {}
        message = error.get("message")
        return self.language.told(str(message)) if message else self.end(attempt)

    def learnt(self, attempt: Attempt) -> str:
        """Return what was noted of an attempt; else what it was made for."""
        if attempt.trial.lessons:
            return "; ".join(attempt.trial.lessons)
        return (
            "" if attempt.is_step or not attempt.trial.note else self.say("Hypothesis: {note}", note=attempt.trial.note)
        )


def spot_of(
    name: str, figure: Figure, phrases: Phrases, *, marked: bool = False, x: float | None = None
) -> Spot | None:
    """Return a figure as a bar or a point; None where it has no value."""
    measure = figure.measure
    if measure.value is None:
        return None
    return Spot(name, phrases.measure(measure), measure.value, measure.low, measure.high, x, marked)


def difference_spot(versus: Versus, metric: str, phrases: Phrases) -> Spot | None:
    """Return a paired difference as a bar; None where it is not defined."""
    found = versus.difference
    if found is None:
        return None
    name = phrases.run(versus.letter, versus.name)
    return Spot(name, phrases.difference(found, metric), found.value, found.low, found.high)


def _signed(value: float, metric: str) -> str:
    text = metric_words(metric).number(value)
    return text if value < 0 or not value else f"+{text}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    return "–" if value is None else str(value)
