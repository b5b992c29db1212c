"""Measure a candidate without training; a few examples first, to estimate the time of the others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from datasets import Dataset

from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.costs import measure_costs
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.measure.work import Work, skipped
from toolkit.evaluation.zero_shot import Respondent, are_numbers, open_for_question, settle_question
from toolkit.evaluation.zero_shot.labels import words_for
from toolkit.names import Method
from toolkit.recipe.schema import ZeroShotSection
from toolkit.report.facts import duration
from toolkit.tasks.judge import Answered

ROWS = 200
"""Examples that are answered: enough to distinguish knowledge from chance."""

NUMBERS = "its labels are numbers, which say nothing to a model that has not learnt them"
"""Why nobody is asked."""

_FIRST_ROWS = 5
_BATCH = 4  # texts of a batch where costs are measured
_ROWS_FOR_COSTS = 5 * _BATCH


def measure_zero_shot(
    work: Work,
    candidate: Candidate,
    *,
    seconds: float,
    costs: Mapping[str, Any] | None = None,
    every: bool = False,
) -> Measurement:
    """Answer some validation examples with a candidate as it is, or all examples that decide.

    Labels that are numbers say nothing to a model that has not learnt them, so nobody is asked for them.

    Args:
        work: the choice.
        candidate: located, with the method zero-shot.
        seconds: time limit.
        costs: of reading a text with its body, measured before; None: nothing is known.
        every: whether all examples that decide are answered.
    """
    if are_numbers(words_for(work.rows.labels, {})):
        return skipped(candidate, Stage.ZERO_SHOT, NUMBERS, method=Method.ZERO_SHOT.value)
    n_rows = len(work.rows.judged) if every else ROWS
    return work.measure(
        candidate,
        Stage.ZERO_SHOT,
        partial(answer_and_score, candidate=candidate, seconds=seconds, n_rows=n_rows, known=costs),
        method=Method.ZERO_SHOT.value,
        seconds=seconds,
        settings={"zero_shot": {"language": work.language}, "rows": n_rows},
    )


def zero_shot_answers(work: Work, candidate: Candidate, _: Measurement, examples: Dataset) -> list[int]:
    """Answer examples with a candidate as it is; an answer is the index of a class, ``[examples]``.

    Args:
        work: the choice.
        candidate: located.
        examples: to answer. ``[examples]``
    """
    return _answers(_respondent(work, candidate, n_rows=len(examples)), examples)


def answer_and_score(
    work: Work, candidate: Candidate, *, seconds: float, n_rows: int, known: Mapping[str, Any] | None = None
) -> Measurement:
    """Answer examples in this process.

    Args:
        work, candidate, seconds: as of `measure_zero_shot`.
        n_rows: of the validation; all that decide where there are no more.
        known: costs of its body, which are those of answers by the similarity of body and labels.
    """
    started = time.monotonic()
    rows = work.rows
    numbers = list(range(len(rows.judged))) if n_rows >= len(rows.judged) else rows.some_to_judge(n_rows)
    examples = rows.judged.select(numbers)
    respondent = _respondent(work, candidate, n_rows=len(numbers))
    needed = _expected(respondent, examples, enough=seconds - (time.monotonic() - started))
    spent = time.monotonic() - started
    if needed > seconds - spent:
        needed += spent
        would = f"{len(examples)} rows with {len(rows.labels)} labels would take about {duration(needed)}"
        reason = f"{would}, and its share of the budget is {duration(seconds)}"
        return skipped(candidate, Stage.ZERO_SHOT, reason, method=Method.ZERO_SHOT.value, needed=needed)
    answers = _answers(respondent, examples)
    if known is None or respondent.question.scorer != "similarity":
        known = measure_costs(
            respondent.opened, examples, answer=respondent.ask, batch_rows=_BATCH, most_seconds=min(1.0, seconds / 20)
        ).to_json()
    return Measurement(
        candidate=candidate.name,
        stage=Stage.ZERO_SHOT,
        method=Method.ZERO_SHOT.value,
        family=None if candidate.family is None else candidate.family.value,
        recipe={"zero_shot": {"language": work.language}},
        rows=numbers,
        answers=answers,
        value=rows.judge.value(Answered(answers, numbers)),
        interval=rows.judge.interval(Answered(answers, numbers)),
        rate=known["texts_per_second"],
        costs=known,
        details={"scorer": respondent.question.scorer, "calibration": respondent.question.calibration},
    )


def _respondent(work: Work, candidate: Candidate, *, n_rows: int) -> Respondent:
    """Open the candidate as a recipe does; ``data.max_length`` is for trained models only."""
    located = candidate.files()
    question = settle_question(
        located,
        labels=work.rows.labels,
        settings=ZeroShotSection(language="ko" if work.language == "ko" else "en"),
        is_pair="text_pair" in work.rows.learn.column_names,
        n_rows=n_rows,
    )
    return Respondent(open_for_question(located, question), question)


def _expected(respondent: Respondent, examples: Dataset, *, enough: float) -> float:
    """Estimate the seconds of all examples from the first one, and from a few more where that says too many.

    The first example also pays for everything that is computed once, such as the labels.
    """
    n_rows = len(examples) + _ROWS_FOR_COSTS
    first = _timed(respondent, examples.select([0]))
    if n_rows * first <= enough or len(examples) <= _FIRST_ROWS:
        return n_rows * first
    return n_rows * min(first, _timed(respondent, examples.select(range(_FIRST_ROWS))) / _FIRST_ROWS)


def _timed(respondent: Respondent, examples: Dataset) -> float:
    started = time.monotonic()
    respondent.ask(examples)
    return time.monotonic() - started


def _answers(respondent: Respondent, examples: Dataset) -> list[int]:
    return [int(label) for label in respondent.ask(examples).predictions.predicted]
