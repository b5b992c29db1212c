"""The card's sentences on what came of carrying the run out again."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.hub.card.markdown import Markdown
from toolkit.hub.card.results import heading
from toolkit.hub.card.words import Words
from toolkit.report.measures import Measure
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.trials.reproductions import Figure, Reproduction

MOST_TOLD = 3
"""The latest ones; a card is no log."""


def about_reproductions(reproductions: Sequence[Reproduction], result: RunResult, words: Words) -> list[Markdown]:
    """Return when the run was carried out again, with which versions, and whether its figures came out."""
    return [_sentence(each, result, words) for each in reproductions[-MOST_TOLD:]]


def _sentence(found: Reproduction, result: RunResult, words: Words) -> Markdown:
    names = room_of(result.task).pages.baseline_names(result.problem)
    versions = {"Python": found.environment.python, **found.environment.packages}
    outside = [_outside(figure, names.get(figure.of, figure.of), words) for figure in found.outside]
    return words(
        "method.reproduced" if found.passed else "method.not_reproduced",
        date=found.time[:10],
        n=len(found.figures),
        outside=words.listed(outside) if outside else "",
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
    )


def _outside(figure: Figure, name: str, words: Words) -> Markdown:
    stated = Measure.of(figure.stated, figure.metric)
    again = words.value(Measure(figure.again, words=stated.words))
    of = f"{words.name(name)}: " if figure.of else ""
    told = words.with_interval(stated)
    return words("method.outside", of=of, metric=heading(stated.words, words), again=again, stated=told)
