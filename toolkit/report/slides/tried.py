"""Slides on what was tried in order, and on what failed and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from toolkit.report.slides.chosen_attempts import that_matter
from toolkit.report.slides.deck import Grid, Lines, Slide
from toolkit.report.slides.phrases import Phrases
from toolkit.report.story import Attempt, Story

_TOLD, _FAILED = 12, 8
_KINDS, _REASONS = 4, 2


def timeline(story: Story, phrases: Phrases) -> Slide:
    """Return the attempts that matter in their order, measurements of `toolkit choose` counted only."""
    say = phrases.say
    own = [each for each in story.attempts if not each.is_step]
    told = that_matter(own, most=_TOLD)
    winner = None if story.winner is None else story.winner.letter
    metric = story.question.metric
    grid = Grid(
        header=("#", say("what was tried"), say("end"), _heading(metric, phrases), say("what was learnt of it")),
        rows=tuple(
            (
                str(each.number),
                _lettered(each, phrases),
                phrases.end(each),
                _result(each, metric, phrases) + (" *" if _not_compared(each, story) else ""),
                phrases.learnt(each),
            )
            for each in told
        ),
        shares=(0.06, 0.35, 0.11, 0.19, 0.29),
        numbers=frozenset({0}),
        marked=frozenset(row for row, each in enumerate(told) if winner is not None and each.letter == winner),
    )
    lines = []
    steps = [each for each in story.attempts if each.is_step]
    if steps:
        lines.append(say("Besides, toolkit choose measured: {n}.", n=story.language.count(len(steps), "candidate")))
    if len(own) > len(told):
        lines.append(_left_out(own, told, phrases))
    reasons = Counter(why for each in told if (why := _not_compared(each, story))).most_common(_REASONS)
    if reasons:
        lines.append(say("* not compared: {why}", why="; ".join(why for why, _ in reasons)))
    blocks = (Lines(tuple(lines)), grid) if lines else (grid,)
    sources = tuple(
        f"#{each.number}: {each.figure.source}"
        if each.figure
        else f"#{each.number}: {story.cost.source}, trial {each.trial.id}"
        for each in told
    )
    return Slide(say("What was tried, in order"), blocks if told else blocks[:1], notes=sources)


def failures(story: Story, phrases: Phrases) -> Iterator[Slide]:
    """Yield what failed, why, and what was learnt; nothing where all went well."""
    say = phrases.say
    failed = [each for each in story.attempts if each.failed]
    if not failed:
        return
    told = that_matter(failed, most=_FAILED)
    grid = Grid(
        header=("#", say("what was tried"), say("end"), say("why"), say("what was learnt of it")),
        rows=tuple(
            (str(each.number), phrases.what(each), phrases.end(each), phrases.why(each), phrases.learnt(each))
            for each in told
        ),
        shares=(0.06, 0.27, 0.12, 0.33, 0.22),
        numbers=frozenset({0}),
    )
    kinds = Counter(phrases.end(each) for each in failed).most_common(_KINDS)
    counted = ", ".join(f"{kind} {n:,}" for kind, n in kinds)
    summary = say(
        "{failed} of {attempts} without a result: {kinds}.",
        failed=len(failed),
        attempts=len(story.attempts),
        kinds=counted,
    )
    notes = tuple(f"#{each.number}: {story.cost.source}, trial {each.trial.id}, error" for each in told)
    yield Slide(say("What failed, and why"), (Lines((summary,)), grid), notes=notes)


def _heading(metric: str | None, phrases: Phrases) -> str:
    if metric is None:
        return phrases.say("result")
    return phrases.say("{metric} (95 % interval)", metric=phrases.metric(metric))


def _result(attempt: Attempt, metric: str | None, phrases: Phrases) -> str:
    """Return the figure of an attempt, with its metric where that is not the column's."""
    if attempt.figure is None:
        return "–"
    told = phrases.figure(attempt.figure)
    return told if attempt.figure.metric == metric else f"{phrases.metric(attempt.figure.metric)} {told}"


def _not_compared(attempt: Attempt, story: Story) -> str:
    """Return why a figure does not stand beside those of the compared runs; nothing where it does, or there is none."""
    return "" if attempt.figure is None else story.left_out.get(attempt.trial.output_dir, "")


def _lettered(attempt: Attempt, phrases: Phrases) -> str:
    letter = "" if attempt.letter is None else f"{attempt.letter} · "
    return letter + phrases.what(attempt)


def _left_out(own: Sequence[Attempt], told: Sequence[Attempt], phrases: Phrases) -> str:
    numbers = {each.number for each in told}
    kinds = Counter(phrases.end(each) for each in own if each.number not in numbers).most_common(_KINDS)
    return phrases.say(
        "Shown: {n} of {all} attempts, those that matter most. The others: {kinds}.",
        n=len(told),
        all=len(own),
        kinds=", ".join(f"{kind} {n:,}" for kind, n in kinds),
    )
