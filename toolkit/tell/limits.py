"""What makes a story less than it seems, what nobody has measured, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.hub.card.limits import measured_limits, unmeasured
from toolkit.hub.card.words import PlainWords, words_of
from toolkit.report.compared import sentence_of
from toolkit.report.comparison import Verdict
from toolkit.report.language import Language
from toolkit.report.next_steps import commands_of
from toolkit.report.standing import Standing, standing
from toolkit.report.story import Attempt, ToldRun, Winner
from toolkit.trials.compared import ComparedRuns


def limits_of(
    winner: Winner | None, run: ToldRun | None, compared: ComparedRuns | None, *, language: Language
) -> tuple[str, ...]:
    """Return what the numbers do not say, a sentence each.

    Args:
        winner: of the story.
        run: of the winner.
        compared: with the others.
        language: of the sentences.
    """
    if winner is None or run is None:
        return (language.say("No attempt has a result that can be read."),)
    told = []
    open_names = [each.name for each in winner.versus if each.letter is not None and each.verdict is not Verdict.BETTER]
    if open_names:
        told.append(
            language.say(
                "{winner} is not shown to be better than {names}: the difference on the same rows could be chance.",
                winner=winner.name,
                names=language.listed(open_names),
            )
        )
    if compared is not None:
        told.append(
            language.say(
                "The best of {n} runs was chosen by the test rows themselves, which flatters it: expect a little less "
                "of new rows.",
                n=len(compared.runs),
            )
        )
        told += [sentence_of(note, language) for note in compared.notes]
    words = words_of(language.code, kind=PlainWords)
    return (*told, *map(str, measured_limits(run.result, words)))


def unmeasured_of(run: ToldRun | None, attempts: Sequence[Attempt], *, language: Language) -> tuple[str, ...]:
    """Return what nobody should take for known, a sentence each.

    Args:
        run: of the winner.
        attempts: all.
        language: of the sentences.
    """
    told = (
        [] if run is None else [str(each) for each in unmeasured(run.result, words_of(language.code, kind=PlainWords))]
    )
    n_failed = sum(each.failed for each in attempts)
    if n_failed:
        told.append(
            language.say(
                "What {attempts} without a result would have given.", attempts=language.count(n_failed, "attempt")
            )
        )
    return tuple(told)


def next_steps_of(winner: Winner | None, run: ToldRun | None, *, language: Language) -> tuple[str, ...]:
    """Return what to do next: sentences, and commands that can be copied.

    Args:
        winner: of the story.
        run: of the winner.
        language: of the sentences.
    """
    if winner is None or run is None:
        return ()
    steps = []
    if winner.baseline is not None:
        steps.append(
            language.say(
                "Before anything else: take the free baseline, or look for a better model and method (toolkit choose)."
            )
        )
    if standing(winner) in (Standing.FIRST, Standing.EQUAL):
        steps.append(
            language.say("More test rows, or several seeds (--seeds 0,1,2), may settle which of the runs is better.")
        )
    return (*steps, *commands_of(run.result, folder=run.name))
