"""Sentences on a story that page and slides share, in its language."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.names import Method
from toolkit.report.comparison import Verdict
from toolkit.report.facts import duration
from toolkit.report.language import Language
from toolkit.report.metric_words import metric_words
from toolkit.report.standing import Standing, beside_baseline, standing
from toolkit.report.story import Attempt, Figure, Story, Versus, Winner
from toolkit.wording import shortened

_VERDICTS = {
    Verdict.BETTER: "the winner is better",
    Verdict.WORSE: "the other is better",
    Verdict.OPEN: "these rows do not settle which is better",
}

_ENDS = {
    "done": "done",
    "degenerate": "nothing learnt",
    "failed": "failed",
    "interrupted": "interrupted",
    "out-of-memory": "out of memory",
    "diverged": "diverged",
    "refused": "refused",
    "killed": "killed",
}


def title_of(story: Story) -> str:
    """Return what all is about."""
    task = story.language.name(story.question.task.value)
    if story.rows is None:
        return task
    return story.language.say("{task} on {sources}", task=task, sources=", ".join(story.rows.sources))


def headline_of(story: Story) -> str:
    """Return what won, with its interval; before it a free baseline that is better, or is not shown to be worse."""
    winner = story.winner
    if winner is None:
        return story.language.say("None of the attempts has a result that can be read.")
    return " ".join(filter(None, (baseline_of(story, winner), _among_runs(story, winner), _as_it_is(story, winner))))


def baseline_of(story: Story, winner: Winner) -> str:
    """Return the free baseline that the winner is not shown to beat, as a sentence; nothing without one."""
    several = story.compared is not None
    return beside_baseline(winner.baseline, story.language, several=several, rows=winner.baseline_rows)


def _among_runs(story: Story, winner: Winner) -> str:
    say, metric = story.language.say, winner.figure.metric
    gaps = {
        "name": f"{winner.model}, {winner.method}",
        "figure": figure_text(winner.figure, story.language),
        "rows": story.language.count(winner.figure.rows or 0, "test row"),
    }
    if winner.figure.measure.value is None:
        named = story.language.metric(winner.figure.measure)
        return say("{name} has no defined {metric} on {rows}.", name=gaps["name"], metric=named, rows=gaps["rows"])
    if story.compared is None:
        return say("{name} reaches {figure} on {rows}.", **gaps)
    n, of = len(story.compared.runs), standing(winner)
    if of is Standing.BEST:
        return say("{name} is the best of {n} runs: {figure} on {rows}.", n=n, **gaps)
    if of is Standing.EQUAL:
        return say("{name} and another of {n} runs have the best value: {figure} on {rows}.", n=n, **gaps)
    if of in (Standing.APART, Standing.UNDIRECTED):
        named = story.language.name(metric_words(metric).name)
        return say("In {metric} none of {n} runs is the best. {name}: {figure} on {rows}.", metric=named, n=n, **gaps)
    return say(
        "{name} comes first of {n} runs, but not all of them are shown to be worse: {figure} on {rows}.", n=n, **gaps
    )


def _as_it_is(story: Story, winner: Winner) -> str:
    """Return that the winner was not trained, where others were."""
    others = [run for run in story.runs if run.letter != winner.letter and run.result.way is not Method.ZERO_SHOT]
    if winner.method != Method.ZERO_SHOT or not others:
        return ""
    return story.language.say("It is the pretrained model without any training.")


def figure_text(figure: Figure, language: Language) -> str:
    """Return ``accuracy 0.842 (95 % interval 0.820 to 0.861)``."""
    measure = figure.measure
    value = language.name(measure.text) if measure.value is None else measure.text
    return f"{language.metric(measure)} {value}{language.in_brackets(measure)}"


def difference_text(versus: Versus, metric: str, language: Language) -> tuple[str, str]:
    """Return the winner's lead, and its 95 % interval; texts without it where there is none."""
    if versus.difference is None:
        return language.say("not defined"), ""
    words, found = metric_words(metric), versus.difference
    ends = language.say("{low} to {high}", low=words.number(found.low), high=words.number(found.high))
    return f"{'+' if found.value > 0 else ''}{words.number(found.value)}", ends


def verdict_text(versus: Versus, language: Language) -> str:
    """Return what a paired difference shows; nothing where it shows nothing."""
    return "" if versus.verdict is None else language.say(_VERDICTS[versus.verdict])


def p_text(value: float | None) -> str:
    """Return a p-value."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def versus_text(versus: Versus, metric: str, language: Language) -> str:
    """Return a paired difference as a sentence."""
    value, ends = difference_text(versus, metric, language)
    name = language.name(versus.name)
    if not ends:
        return language.say("From {name} the difference is not defined.", name=name)
    return language.say(
        "From {name}, on the same rows: {value} (95 % interval {ends}): {verdict}.",
        name=name if versus.letter is None else f"{versus.letter}, {name}",
        value=value,
        ends=ends,
        verdict=verdict_text(versus, language),
    )


def end_text(attempt: Attempt, language: Language) -> str:
    """Return how an attempt ended."""
    return language.say(_ENDS.get(attempt.trial.status, attempt.trial.status))


def result_text(attempt: Attempt, language: Language) -> str:
    """Return its first metric with its interval; nothing without a result."""
    if attempt.figure is None:
        return ""
    told = figure_text(attempt.figure, language)
    return language.say("{figure} on validation rows", figure=told) if attempt.is_step else told


def error_text(attempt: Attempt) -> str:
    """Return what ended it, on a line; nothing where it has a result."""
    return shortened(str((attempt.trial.error or {}).get("message", "")))


def changed_text(attempt: Attempt, language: Language, *, at_most: int = 6) -> str:
    """Return what its recipe changed against its parent; nothing where there is none."""
    if attempt.parent is None or not attempt.changed:
        return ""
    shown = [f"{key} {_value(before)} → {_value(after)}" for key, before, after in attempt.changed[:at_most]]
    more = len(attempt.changed) - len(shown)
    shown += [language.say("{n} more", n=more)] if more else []
    return language.say("against attempt {n}: {changes}", n=attempt.parent, changes="; ".join(shown))


def seconds_text(seconds: float | None, language: Language) -> str:
    """Return a time; a dash where it is not known."""
    return "–" if seconds is None else language.duration(duration(seconds))


def counts_of_ends(attempts: Sequence[Attempt], language: Language) -> str:
    """Return how many attempts ended in each way."""
    names = [end_text(attempt, language) for attempt in attempts]
    return ", ".join(f"{name} {names.count(name):,}" for name in dict.fromkeys(names))


def _value(value: object) -> str:
    return "–" if value is None else shortened(str(value))
