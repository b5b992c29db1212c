"""A story as lines for a terminal, and as one JSON object."""

from __future__ import annotations

from typing import Any

from toolkit.report.language import Language
from toolkit.report.slides.fonts import missing_fonts
from toolkit.report.standing import standing
from toolkit.report.story import Story, Versus
from toolkit.report.story_words import counts_of_ends, headline_of, seconds_text, versus_text
from toolkit.report.written import Written

SCHEMA = 1


def story_lines(story: Story, written: Written) -> list[str]:
    """Return what won and by how much, how the attempts ended, and where page and slides are.

    Args:
        story: that was told.
        written: its files.
    """
    language, winner = story.language, story.winner
    versus = [] if winner is None else [versus_text(each, winner.figure.metric, language) for each in winner.versus]
    attempts = language.count(len(story.attempts), "attempt")
    spent = seconds_text(story.cost.seconds, language)
    return [
        headline_of(story),
        *versus,
        f"{attempts}, {spent}: {counts_of_ends(story.attempts, language)}",
        *story.warnings,
        *_places(written, language),
    ]


def _places(written: Written, language: Language) -> list[str]:
    told = [] if written.page is None else [language.say("Page: {path}", path=str(written.page))]
    if written.slides is not None:
        told.append(language.say("Slides: {path}", path=str(written.slides)))
        told += missing_fonts(language)
    return told


def story_json(story: Story, written: Written) -> dict[str, Any]:
    """Return the same as JSON-able values.

    Args:
        story: that was told.
        written: its files.
    """
    winner = story.winner
    return {
        "schema": SCHEMA,
        "page": None if written.page is None else str(written.page),
        "slides": None if written.slides is None else str(written.slides),
        "language": story.language.code,
        "task": story.question.task.value,
        "attempts": len(story.attempts),
        "without_result": sum(each.failed for each in story.attempts),
        "seconds": story.cost.seconds,
        "runs": {run.letter: run.name for run in story.runs},
        "headline": headline_of(story),
        "winner": None
        if winner is None
        else {
            "run": winner.name,
            "standing": standing(winner).value,
            "unbeaten_baseline": None if winner.baseline is None else winner.baseline.baseline,
            "metric": winner.figure.metric,
            **winner.figure.entry.to_json(),
            "rows": winner.figure.rows,
            "versus": [_versus_json(each) for each in winner.versus],
        },
        "left_out": dict(story.left_out),
        "warnings": list(story.warnings),
    }


def _versus_json(each: Versus) -> dict[str, Any]:
    found = {"value": None, "ci95": None} if each.difference is None else each.difference.to_json()
    return {
        "name": each.name,
        "difference": found["value"],
        "ci95": found["ci95"],
        "p": each.p,
        "p_holm": each.p_holm,
        "verdict": each.verdict,
    }
