"""Slides on what won, by how much on the same rows, how it learnt, and rows to read."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.report.comparison import Verdict
from toolkit.report.metric_words import metric_words
from toolkit.report.slides.deck import Bars, Curves, Lines, Quote, Slide, Spot
from toolkit.report.slides.phrases import Phrases, difference_spot, spot_of
from toolkit.report.standing import Standing, short_of_baseline, standing
from toolkit.report.story import Figure, Story, Versus, Winner
from toolkit.report.story_words import baseline_of, p_text

_MOST_BARS, _OPEN_SHOWN, _QUOTES, _LINES, _FEWEST_POINTS = 10, 4, 3, 6, 2


def winner(story: Story, phrases: Phrases) -> Iterator[Slide]:
    """Yield the runs beside each other, and the paired differences; nothing without a finished run."""
    if story.winner is None:
        return
    yield _runs(story, story.winner, phrases)
    slide = _differences(story.winner, phrases)
    if slide is not None:
        yield slide


def _runs(story: Story, won: Winner, phrases: Phrases) -> Slide:
    say, metric = phrases.say, won.figure.metric
    words = metric_words(metric)
    name = phrases.run(won.letter, won.name)
    lines = [
        *filter(None, [baseline_of(story, won)]),
        say(
            "{name}: {metric} {figure} on {rows}.",
            name=name,
            metric=phrases.metric(metric),
            figure=phrases.figure(won.figure),
            rows=story.language.count(won.figure.rows or 0, "test row"),
        ),
        f"{won.model} · {story.language.name(won.family)} · {won.method}",
    ]
    if words.greater_is_better is False:
        lines.append(say("Less is better."))
    figures = list(_figures(story, won, phrases))
    spots = [spot for label, figure, marked in figures if (spot := spot_of(label, figure, phrases, marked=marked))]
    chart = Bars(
        say("{metric}, with 95 % intervals", metric=phrases.metric(metric)),
        tuple(spots[:_MOST_BARS]),
        words.places,
        words.scale,
    )
    notes = tuple(f"{label}, {phrases.figure(figure)}: {figure.source}" for label, figure, _ in figures[:_MOST_BARS])
    return Slide(_title(won, phrases), (Lines(tuple(lines)),), chart if spots else None, notes=notes)


def _title(won: Winner, phrases: Phrases) -> str:
    """Return what is shown: of a free baseline that is not beaten first, then of the runs."""
    if won.baseline is not None:
        return short_of_baseline(won.baseline, phrases.language)
    say, name, of = phrases.say, phrases.run(won.letter, won.name), standing(won)
    if of is Standing.ALONE:
        return say("The result")
    if of is Standing.BEST:
        return say("{name} won", name=name)
    if of is Standing.EQUAL:
        return say("{name} and another run have the best value", name=name)
    if of is Standing.FIRST:
        return say("{name} came first, but that is not settled", name=name)
    return say("None of the runs is the best")


def _figures(story: Story, won: Winner, phrases: Phrases) -> Iterator[tuple[str, Figure, bool]]:
    """Yield the deciding metric of each run and of the winner's baselines, on the rows that are compared."""
    metric = won.figure.metric
    yield phrases.run(won.letter, won.name), won.figure, True
    if story.compared is not None:
        command = f"toolkit compare {' '.join(run.name for run in story.compared.runs)}"
        names = {run.name: run for run in story.compared.runs}
        for versus in won.versus:
            run = names.get(versus.name) if versus.letter is not None else None
            if run is not None and metric in run.metrics:
                figure = Figure(metric=metric, entry=run.metrics[metric], rows=story.compared.rows, source=command)
                yield phrases.run(versus.letter, versus.name), figure, False
    told = next(run for run in story.runs if run.letter == won.letter)
    titles = {
        versus.source.rpartition(", baselines.")[2].partition(".")[0]: versus.name
        for versus in won.versus
        if versus.letter is None
    }
    for key, baseline in told.result.baselines.items():
        if metric in baseline.metrics:
            source = f"{told.name}/metrics.json, baselines.{key}.metrics.{metric}"
            figure = Figure(metric=metric, entry=baseline.metrics[metric], rows=told.result.test.rows, source=source)
            yield story.language.name(titles.get(key, key)), figure, False


def _differences(won: Winner, phrases: Phrases) -> Slide | None:
    say, metric = phrases.say, won.figure.metric
    pairs = [(versus, difference_spot(versus, metric, phrases)) for versus in won.versus]
    drawn: list[tuple[Versus, Spot]] = [(versus, spot) for versus, spot in pairs if spot is not None][:_MOST_BARS]
    if not drawn:
        return None
    lines = [
        say(
            "Each difference is {name} minus the other, on the same test rows, by a paired bootstrap.",
            name=phrases.run(won.letter, won.name),
        ),
        *_settled(won, phrases),
    ]
    adjusted = [versus for versus, _ in drawn if versus.p_holm is not None]
    if adjusted:
        told = ", ".join(f"{versus.letter} {p_text(versus.p_holm)}" for versus in adjusted if versus.p_holm is not None)
        lines.append(say("p, corrected for the number of runs (Holm): {told}.", told=told))
    title = say("Difference in {metric}, with 95 % intervals", metric=phrases.metric(metric))
    chart = Bars(title, tuple(spot for _, spot in drawn), metric_words(metric).places)
    notes = tuple(f"{spot.name}, {spot.figure}: {versus.source}" for versus, spot in drawn)
    return Slide(say("By how much"), (Lines(tuple(lines)),), chart, notes=notes)


def _settled(won: Winner, phrases: Phrases) -> Iterator[str]:
    """Yield which differences are shown, and which may be chance."""
    if better := _names(won, Verdict.BETTER, phrases):
        yield phrases.say("Shown to be better than: {names}.", names=better)
    if chance := _names(won, Verdict.OPEN, phrases):
        yield phrases.say("May be chance: {names}.", names=chance)
    if worse := _names(won, Verdict.WORSE, phrases):
        yield phrases.say("Shown to be worse than: {names}.", names=worse)


def _names(won: Winner, verdict: Verdict, phrases: Phrases) -> str:
    names = [phrases.run(each.letter, each.name) for each in won.versus if each.verdict is verdict]
    more = len(names) - _OPEN_SHOWN
    return ", ".join([*names[:_OPEN_SHOWN], *([phrases.say("{n} more", n=more)] if more > 0 else [])])


def curves(story: Story, phrases: Phrases) -> Iterator[Slide]:
    """Yield how the runs learnt: a metric of the validation rows by step; nothing without two points."""
    if story.winner is None:
        return
    say, metric = phrases.say, story.winner.figure.metric
    lines, notes = {}, []
    for run in story.runs[:_LINES]:
        points = [(entry["step"], entry.get(metric)) for entry in run.result.training.curve]
        known = tuple((float(step or 0), float(value)) for step, value in points if value is not None)
        if len(known) >= _FEWEST_POINTS:
            lines[phrases.run(run.letter, run.name)] = known
            notes.append(say("{letter}: {run}/metrics.json, the curve of training", letter=run.letter, run=run.name))
    if lines:
        title = say("{metric} of the validation rows", metric=phrases.metric(metric))
        chart = Curves(title, say("step"), lines, metric_words(metric).places)
        told = say("The curves are of the validation rows; no test row is in them.")
        yield Slide(say("How they learnt"), (Lines((told,)),), chart, notes=tuple(notes))


def examples(story: Story, phrases: Phrases) -> Iterator[Slide]:
    """Yield rows that the winner and the next run answer differently; nothing without a comparison."""
    if not story.examples or story.compared is None:
        return
    say = phrases.say
    pair = story.compared.pairs[0]
    names = {run.letter: phrases.run(run.letter, run.name) for run in story.runs}
    quotes = tuple(
        Quote(
            row.text,
            (
                *(() if row.reference is None else ((say("reference"), row.reference),)),
                *((names.get(letter, letter), answer) for letter, answer in row.answers.items()),
            ),
        )
        for row in story.examples[:_QUOTES]
    )
    note = say(
        "{rows} of {all} test rows are answered differently: toolkit compare {first} {second}",
        rows=pair.disagreement.rows,
        all=story.compared.rows,
        first=pair.first,
        second=pair.second,
    )
    ids = tuple(say("Row {id}", id=str(row.id)) for row in story.examples[:_QUOTES])
    yield Slide(say("Rows to read"), quotes, notes=(note, ", ".join(ids)))
