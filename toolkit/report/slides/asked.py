"""Slides on what was asked: the question, the data, the families and the candidates."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.report.metric_words import metric_words
from toolkit.report.slides.deck import Bars, Grid, Lines, Slide
from toolkit.report.slides.fonts import font_advice
from toolkit.report.slides.phrases import Phrases, spot_of
from toolkit.report.story import Candidate, Choosing, Rows, Story
from toolkit.report.story_words import baseline_of

_LABELS, _WARNINGS, _REASONS = 12, 4, 2
_CANDIDATES, _WITHOUT = 8, 6


def opening(story: Story, phrases: Phrases) -> Slide:
    """Return the first slide: task and data, what won, and what it took."""
    say, count = phrases.say, story.language.count
    task = phrases.task(story.question.task.value)
    title = task if story.rows is None else say("{task}: {sources}", task=task, sources=", ".join(story.rows.sources))
    lines, notes = [], []
    if story.winner is not None:
        figure = story.winner.figure
        name = phrases.run(story.winner.letter, story.winner.name)
        lines += [
            *filter(None, [baseline_of(story, story.winner)]),
            say("Best run: {name}", name=name) if story.compared else say("The run: {name}", name=name),
            say(
                "{metric} {figure}, 95 % interval in brackets",
                metric=phrases.metric(figure.metric),
                figure=phrases.figure(figure),
            ),
        ]
        notes.append(f"{phrases.metric(figure.metric)} {phrases.figure(figure)}: {figure.source}")
    n_failed = sum(each.failed for each in story.attempts)
    failed = say("{n} of them without a result", n=n_failed) if n_failed else ""
    attempts = count(len(story.attempts), "attempt")
    lines.append(f"{attempts}, {failed}" if failed else attempts)
    notes += [f"{lines[-1]}: {story.cost.source}", font_advice(story.language)]
    return Slide(title, (Lines(tuple(lines), large=True),), notes=tuple(notes), opening=True)


def question(story: Story, phrases: Phrases) -> Slide:
    """Return what a model shall do, and what decides."""
    say, asked = phrases.say, story.question
    lines = [asked.wants]
    if asked.labels:
        shown = ", ".join(asked.labels[:_LABELS])
        more = len(asked.labels) - _LABELS
        labels = story.language.count(len(asked.labels), "label")
        lines.append(f"{labels}: {shown}" + (f", {say('{n} more', n=more)}" if more > 0 else ""))
    if asked.metric is not None:
        lines.append(say("What decides: {metric} on the test rows.", metric=phrases.metric(asked.metric)))
    return Slide(say("What is asked"), (Lines(tuple(lines)),), notes=(say("Source: {source}", source=asked.source),))


def data(rows: Rows, phrases: Phrases) -> Slide:
    """Return the rows in their splits, and what was found about them."""
    say, name = phrases.say, phrases.language.name
    grid = Grid(
        header=(say("split"), say("rows")),
        rows=tuple((name(split), f"{n:,}") for split, n in rows.splits.items()),
        shares=(0.3, 0.15),
        numbers=frozenset({1}),
    )
    warnings = Lines(rows.warnings[:_WARNINGS])
    notes = (f"{say('rows')}: {rows.source.removesuffix(', data')}, splits", f"SHA-256: {rows.digest} ({rows.source})")
    title = say("The data: {sources}", sources=", ".join(rows.sources))
    return Slide(title, (grid, warnings) if warnings.items else (grid,), notes=notes)


def families(story: Story, phrases: Phrases) -> Slide:
    """Return which families can do it, why, and which were tried."""
    say = phrases.say
    rows = [
        (
            story.language.name(family.name),
            say("yes") if family.suits else say("no"),
            f"{family.tried:,}",
            " ".join(text for text, _ in family.reasons[:_REASONS]),
        )
        for family in story.families
    ]
    header = (say("family"), say("suits"), say("attempts"), say("why"))
    notes = tuple(
        f"{story.language.name(family.name)}: {source}"
        for family in story.families
        for _, source in family.reasons[:_REASONS]
    )
    grid = Grid(header, tuple(rows), (0.16, 0.09, 0.1, 0.65), numbers=frozenset({2}))
    return Slide(say("Which families of Transformers, and why"), (grid,), notes=notes)


def candidates(choosing: Choosing, phrases: Phrases) -> Iterator[Slide]:
    """Yield the candidates with a result, and those without."""
    say, metric, words = phrases.say, phrases.metric(choosing.metric), metric_words(choosing.metric)
    measured, count = [each for each in choosing.candidates if each.figure is not None], phrases.language.count
    shown = measured[:_CANDIDATES]
    spots = (
        spot_of(_named(each, phrases), each.figure, phrases, marked=each.is_recommended)
        for each in shown
        if each.figure
    )
    bars = tuple(spot for spot in spots if spot is not None)
    lines = [
        say(
            "toolkit choose measured {n} and {free} on the rows that decide.",
            n=count(sum(each.method is not None for each in measured), "candidate"),
            free=count(sum(each.method is None for each in measured), "free baseline"),
        ),
        say("It took {time}.", time=phrases.duration(choosing.seconds)),
        *_recommended(choosing, phrases),
    ]
    if len(measured) > len(shown):
        lines.append(say("Shown: the best {n} of {all} with a result.", n=len(shown), all=len(measured)))
    chart = Bars(say("{metric}, with 95 % intervals", metric=metric), bars, words.places, words.scale)
    notes = tuple(
        f"{_named(each, phrases)}, {phrases.figure(each.figure)}: {each.figure.source}" for each in shown if each.figure
    )
    why = say("Why: {why}", why=phrases.language.told(choosing.why))
    yield Slide(say("Candidates"), (Lines(tuple(lines)),), chart if bars else None, notes=(*notes, why))
    without = [each for each in choosing.candidates if each.figure is None]
    if without:
        rows = tuple(
            (
                _named(each, phrases),
                phrases.language.name(each.stage),
                phrases.language.told(each.reason or "") or each.status,
            )
            for each in without[:_WITHOUT]
        )
        grid = Grid((say("candidate"), say("stage"), say("why there is no result")), rows, (0.3, 0.15, 0.55))
        yield Slide(say("Candidates without a result"), (grid,), notes=(f"{choosing.folder}/choose.json",))


def _recommended(choosing: Choosing, phrases: Phrases) -> list[str]:
    found = next((each for each in choosing.candidates if each.is_recommended), None)
    if found is None or found.figure is None:
        return [phrases.say("Nothing was recommended.")]
    told = phrases.say("Recommended: {name}", name=_named(found, phrases))
    return [f"{told}, {phrases.metric(choosing.metric)} {phrases.figure(found.figure)}."]


def _named(candidate: Candidate, phrases: Phrases) -> str:
    if candidate.method is None:
        return phrases.language.name(candidate.model)
    return f"{candidate.model}, {candidate.method}"
