"""The last slides: cost, limits, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.report import facts
from toolkit.report.metric_words import metric_words
from toolkit.report.slides.deck import Lines, Scatter, Slide, Spot
from toolkit.report.slides.phrases import Phrases, spot_of
from toolkit.report.story import Figure, Story

_TRAIN = "train_seconds"


def cost(story: Story, phrases: Phrases) -> Slide:
    """Return what all of it took, and quality over the time of training."""
    say, spent = phrases.say, story.cost
    lines = [say("All attempts together: {time}.", time=phrases.duration(spent.seconds))]
    if spent.lost_seconds:
        lines.append(say("Of that in attempts without a result: {time}.", time=phrases.duration(spent.lost_seconds)))
    if spent.n_unknown:
        lines.append(say("Of {attempts} no time is known.", attempts=story.language.count(spent.n_unknown, "attempt")))
    if spent.peak_memory_bytes is not None:
        lines.append(say("The most memory of a run: {memory}.", memory=facts.amount(spent.peak_memory_bytes, "B")))
    if spent.devices:
        lines.append(say("Made on: {devices}.", devices=", ".join(spent.devices)))
    spots, sources = _spots(story, phrases)
    chart = None
    if len(spots) > 1 and story.winner is not None:
        metric = story.winner.figure.metric
        title = say("{metric}, with 95 % intervals", metric=phrases.metric(metric))
        chart = Scatter(title, say("seconds of training"), tuple(spots), metric_words(metric).places)
    return Slide(say("What it cost"), (Lines(tuple(lines)),), chart, notes=(spent.source, *sources))


def _spots(story: Story, phrases: Phrases) -> tuple[list[Spot], list[str]]:
    if story.winner is None or story.compared is None:
        return [], []
    metric, spots, sources = story.winner.figure.metric, [], []
    letters = {run.name: run.letter for run in story.runs}
    for run in story.compared.runs:
        seconds, letter = run.cost.get(_TRAIN), letters.get(run.name)
        if seconds is None or metric not in run.metrics or letter is None:
            continue
        figure = Figure(metric=metric, entry=run.metrics[metric], rows=story.compared.rows, source=run.name)
        spot = spot_of(phrases.run(letter, run.name), figure, phrases, marked=letter == story.winner.letter, x=seconds)
        if spot is not None:
            spots.append(spot)
            sources.append(f"{spot.name}, {phrases.duration(seconds)}: {run.name}/metrics.json, cost.{_TRAIN}")
    return spots, sources


def limits(story: Story, phrases: Phrases) -> Iterator[Slide]:
    """Yield what the numbers do not say, and what nobody has measured."""
    source = "" if story.winner is None else f"{story.winner.name}/metrics.json"
    for title, sentences in (
        (phrases.say("Limits"), story.limits),
        (phrases.say("What was not measured"), story.unmeasured),
    ):
        if sentences:
            yield Slide(title, (Lines(tuple(sentences)),), notes=(source,) if source else ())


def following(story: Story, phrases: Phrases) -> Iterator[Slide]:
    """Yield what to do next; nothing where nothing is known."""
    if story.next_steps:
        yield Slide(phrases.say("Next"), (Lines(story.next_steps),))
