"""How a run stands beside other runs and beside free baselines, in the words of every page, slide and line.

A run that is the best of those that were tried may still be worse than what costs nothing. Whatever tells of the best
run asks here first, so that no headline praises it alone.
"""

from __future__ import annotations

from enum import StrEnum

from toolkit.report.comparison import Comparison, Verdict
from toolkit.report.language import Language
from toolkit.report.metric_words import metric_words
from toolkit.report.story import Winner


class Standing(StrEnum):
    """What is shown of the first of some runs."""

    ALONE = "alone"
    """There is no other run."""
    BEST = "best"
    """Better than each of them, by the paired differences."""
    FIRST = "first"
    """It has the best value, but not all of the others are shown to be worse."""
    EQUAL = "equal"
    """Another run has the same value."""
    APART = "apart"
    """Their values cannot be compared, as perplexities under different tokenizers."""
    UNDIRECTED = "undirected"
    """The metric has no better end."""


def standing(winner: Winner) -> Standing:
    """Return how the first run stands beside the other runs."""
    others = [each for each in winner.versus if each.letter is not None]
    if metric_words(winner.figure.metric).greater_is_better is None:
        return Standing.UNDIRECTED
    if not others:
        return Standing.ALONE
    if winner.is_settled:
        return Standing.BEST
    known = [each.difference.value for each in others if each.difference is not None]
    if not known:
        return Standing.APART
    return Standing.FIRST if all(known) else Standing.EQUAL


def beside_baseline(found: Comparison | None, language: Language, *, several: bool = False, rows: int = 0) -> str:
    """Return that a free baseline is better, or is not shown to be worse; nothing where all of them are beaten.

    Args:
        found: as of `toolkit.report.comparison.unbeaten`.
        language: of the sentence.
        several: whether it is told of the best of several runs.
        rows: that the baseline was measured on, where these are not the rows of the figures beside it.
    """
    if found is None:
        return ""
    say, theirs = language.say, found.theirs
    figure = f"{language.metric(theirs)} {theirs.text}{language.in_brackets(theirs)}"
    if rows:
        figure = say("{figure} on {rows}", figure=figure, rows=language.count(rows, "test row"))
    gaps = {"baseline": language.name(found.baseline), "figure": figure}
    if found.verdict is Verdict.WORSE:
        return (
            say("A free baseline is better than the best run: {baseline}, {figure}.", **gaps)
            if several
            else say("A free baseline is better than the model: {baseline}, {figure}.", **gaps)
        )
    if found.verdict is Verdict.OPEN:
        return (
            say("The best run is not shown to be better than a free baseline: {baseline}, {figure}.", **gaps)
            if several
            else say("The model is not shown to be better than a free baseline: {baseline}, {figure}.", **gaps)
        )
    return say("A free baseline has a value that is as good, or better: {baseline}, {figure}.", **gaps)


def short_of_baseline(found: Comparison, language: Language) -> str:
    """Return the same as a title."""
    baseline = language.name(found.baseline)
    if found.verdict is Verdict.OPEN:
        return language.say("Not shown to be better than a free baseline: {baseline}", baseline=baseline)
    if found.verdict is Verdict.WORSE:
        return language.say("A free baseline is better: {baseline}", baseline=baseline)
    return language.say("A free baseline is as good, or better: {baseline}", baseline=baseline)
