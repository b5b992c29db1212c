"""What the page of a story shows, as cells and charts; the template writes them down."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from toolkit.report import story_words
from toolkit.report.compared import Grid, about_p, mcnemar_lines, metrics_grid, recipe_grid
from toolkit.report.differences import attempt_chart, lead_chart
from toolkit.report.facts import amount
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.report.metric_words import metric_words
from toolkit.report.quality_cost import Drawn, Picture, picture_of
from toolkit.report.story import Attempt, Candidate, Choosing, Kept, Story, ToldRun
from toolkit.report.story_words import headline_of, title_of
from toolkit.trials.compared import ComparedRuns

MOST_TOLD = 40
"""Attempts that are told one by one; the others stand in a table."""

MOST_LISTED = 300
"""Rows of that table: with some thousands a browser, and whoever has the page read aloud, waits."""

MOST_DRAWN = 300
"""Attempts in the picture of all."""


def page_parts(story: Story) -> dict[str, Any]:
    """Return what the template of a page reads of a story, by name."""
    language, compared = story.language, story.compared
    told = _to_tell(story.attempts)
    rest = [attempt for attempt in story.attempts if attempt not in told]
    return {
        "title": title_of(story),
        "story": story,
        "words": story_words,
        "headline": headline_of(story),
        "told": told,
        "rest": rest[-MOST_LISTED:],
        "n_unlisted": max(0, len(rest) - MOST_LISTED),
        "ends": story_words.counts_of_ends(story.attempts, language),
        "attempts_drawn": attempt_chart(story.attempts, metric=story.question.metric, at_most=MOST_DRAWN),
        "leads": None
        if story.winner is None
        else lead_chart(story.winner.versus, story.winner.figure.metric, language),
        "tests": None if compared is None else metrics_grid(compared, language),
        "recipes": [] if compared is None else _recipes(compared),
        "about_tests": [] if compared is None else [about_p(compared, language), *mcnemar_lines(compared, language)],
        "quality": _quality(story),
        "run_rows": _run_rows(story),
        "choices": [
            (choosing, _candidates(choosing, language), _candidate_rows(choosing, language))
            for choosing in story.choosing
        ],
        "left_out": Counter(story.left_out.values()),
        "Kept": Kept,
    }


def _to_tell(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Choose the attempts that are told one by one: all, or else those that say most, in the order of time.

    First those that are compared, then those that taught something, then failures, and of each the latest.
    """
    own = [each for each in attempts if not each.is_step]
    if len(own) > MOST_TOLD:
        own = sorted(own, key=lambda each: (each.letter is None, not each.trial.lessons, not each.failed, -each.number))
    return sorted(own[:MOST_TOLD], key=lambda each: each.number)


def _recipes(compared: ComparedRuns) -> list[Grid]:
    """Return what differs between recipes: keys that two or more of them have, then those of one method alone."""
    header, rows = recipe_grid(compared)
    shared = [sum(value is not None for value in each.values) > 1 for each in compared.recipe]
    return [
        (header, [row for row, is_shared in zip(rows, shared, strict=True) if is_shared is part])
        for part in (True, False)
    ]


def _run_rows(story: Story) -> list[dict[str, Any]]:
    """Return quality and cost of each run in words."""
    metric, language = story.question.metric, story.language
    rows = []
    for run in story.runs:
        measure, cost = _measure(story, run), run.result.cost
        size, memory = cost.get("model_bytes"), cost.get("peak_memory_bytes")
        rows.append(
            {
                "run": run,
                "metric": metric,
                "value": language.name(measure.text),
                "interval": language.interval(measure),
                "seconds": story_words.seconds_text(cost.get("train_seconds"), language),
                "testing": story_words.seconds_text(cost.get("evaluate_seconds"), language),
                "size": "–" if size is None else amount(size, "B"),
                "memory": "–" if memory is None else amount(memory, "B"),
                "learnt": amount(run.result.training.trainable),
            }
        )
    return rows


def _measure(story: Story, run: ToldRun) -> Measure:
    """Return the metric that decides, on the rows that all runs have."""
    metric = story.question.metric or ""
    if story.compared is not None:
        entry = story.compared.runs[story.runs.index(run)].metrics.get(metric)
    else:
        entry = run.result.test.metrics.get(metric)
    return Measure() if entry is None else Measure.of(entry, metric)


def _quality(story: Story) -> Picture | None:
    """Place runs by the metric that decides and the time that they took; None with fewer than two."""
    metric = story.question.metric
    if metric is None or story.compared is None or metric not in story.compared.runs[0].metrics:
        return None
    known = [(run, measure, _seconds(run)) for run in story.runs if (measure := _measure(story, run)).value is not None]
    drawn = [
        Drawn(
            number=place,
            letter=run.letter,
            name=f"{run.name}, {measure.text}",
            value=measure.value or 0.0,
            low=measure.low,
            high=measure.high,
            cost=cost,
            is_recommended=run is story.runs[0],
            on_front=not any(other.goodness > measure.goodness and its_cost <= cost for _, other, its_cost in known),
        )
        for place, (run, measure, cost) in enumerate(known, start=1)
    ]
    lower = metric_words(metric).greater_is_better is False
    return picture_of(drawn, [], lower_is_better=lower)


def _seconds(run: ToldRun) -> float:
    known = [run.result.cost.get(name) for name in ("train_seconds", "evaluate_seconds")]
    return sum(each for each in known if each is not None) or math.inf


def _candidates(choosing: Choosing, language: Language) -> Picture | None:
    """Place candidates by their result and the time that measuring them took; baselines are lines."""
    numbered = [
        (number, each, each.figure.measure)
        for number, each in enumerate(choosing.candidates, start=1)
        if each.figure is not None
    ]
    drawn = [
        Drawn(
            number=number,
            name=f"{each.model}, {each.method}: {measure.text}",
            value=measure.value or 0.0,
            low=measure.low,
            high=measure.high,
            cost=each.seconds or math.inf,
            on_front=each.is_worth_it,
            is_recommended=each.is_recommended,
        )
        for number, each, measure in numbered
        if each.method is not None
    ]
    free = [(language.name(each.model), measure.value or 0.0) for _, each, measure in numbered if each.method is None]
    lower = metric_words(choosing.metric).greater_is_better is False
    return picture_of(drawn, free, lower_is_better=lower)


def _candidate_rows(choosing: Choosing, language: Language) -> list[dict[str, str]]:
    return [_candidate_row(each, language) for each in choosing.candidates]


def _candidate_row(each: Candidate, language: Language) -> dict[str, str]:
    measure = None if each.figure is None else each.figure.measure
    words = metric_words("" if each.figure is None else each.figure.metric)
    better = each.better_by
    latency, size = each.costs.get("latency_p50_seconds"), each.costs.get("disk_bytes")
    return {
        "name": each.model if each.method else language.name(each.model),
        "way": each.method or language.say("free baseline"),
        "family": each.family or "",
        "value": "–" if measure is None else measure.text,
        "interval": "" if measure is None else language.interval(measure),
        "better": "" if better is None else f"{better.value:+.{words.places}f}",
        "ends": ""
        if better is None
        else language.say("{low} to {high}", low=words.number(better.low), high=words.number(better.high)),
        "seconds": story_words.seconds_text(each.seconds, language),
        "facts": " · ".join(
            [
                *([amount(size, "B")] if size else []),
                *([language.say("{n} ms a text", n=f"{1000 * latency:.0f}")] if latency else []),
            ]
        ),
        "reason": each.reason or "",
    }
