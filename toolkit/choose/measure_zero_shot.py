"""A candidate asked as it is: on a few rows first, to know whether the others can be afforded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from datasets import Dataset

from toolkit.adapters import LocatedModel
from toolkit.choose.budget import told
from toolkit.choose.candidates import Candidate
from toolkit.choose.costs import Costs, measure_costs
from toolkit.choose.measurement import Measurement, Stage, Status
from toolkit.choose.work import Work, skipped
from toolkit.evaluation.zero_shot import Question, ask, open_for_question, settle_question
from toolkit.names import Method
from toolkit.recipe.schema import ZeroShotSection

ROWS = 200
"""Rows that are asked: enough to tell a model that knows from one that guesses."""

_FIRST_ROWS = 5
_BATCH = 4  # texts at once where costs are measured
_ROWS_FOR_COSTS = 5 * _BATCH


def measure_zero_shot(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    """Ask a candidate about some validation rows.

    Args:
        work: the choice.
        candidate: located, with the method zero-shot among its own.
        seconds: that it may take.
    """
    settings = {"zero_shot": {"language": work.language}, "rows": ROWS}
    return work.measure(
        candidate,
        Stage.ZERO_SHOT,
        lambda: _measure(work, candidate, seconds=seconds),
        method=Method.ZERO_SHOT.value,
        seconds=seconds,
        settings=settings,
    )


def zero_shot_answers(work: Work, candidate: Candidate, asked: Dataset) -> list[int]:
    """What a candidate says about some rows: the number of a class each. ``[rows]``."""
    question, opened = _opened(work, candidate, n_rows=len(asked))
    return _answers(opened, asked, question)


def _measure(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    started = time.monotonic()
    rows, numbers = work.rows, work.rows.some_to_judge(ROWS)
    asked = rows.judge_rows.select(numbers)
    question, opened = _opened(work, candidate, n_rows=len(numbers))
    needed = _expected(opened, asked, question, enough=seconds - (time.monotonic() - started))
    if needed > seconds - (time.monotonic() - started):
        reason = (
            f"{len(asked)} rows with {len(rows.labels)} labels would take about {told(needed)}, and its share of the "
            f"budget is {told(seconds)}"
        )
        return skipped(candidate, Stage.ZERO_SHOT, reason, method=Method.ZERO_SHOT.value, needed=needed)
    answers = _answers(opened, asked, question)
    costs = _costs(opened, asked, question, most_seconds=min(1.0, seconds / 20))
    return Measurement(
        candidate=candidate.name,
        stage=Stage.ZERO_SHOT,
        status=Status.MEASURED,
        method=Method.ZERO_SHOT.value,
        family=None if candidate.family is None else candidate.family.value,
        recipe={"zero_shot": {"language": work.language}},
        rows=numbers,
        answers=answers,
        value=rows.judge.value(answers, numbers),
        interval=rows.judge.interval(answers, numbers),
        rate=costs.texts_per_second,
        costs=costs.to_json(),
        details={"scorer": question.scorer, "calibration": question.calibration},
    )


def files_of(candidate: Candidate) -> LocatedModel:
    """The files of a candidate that has some."""
    if candidate.located is None:
        raise ValueError(f"{candidate.name} has no files")
    return candidate.located


def _opened(work: Work, candidate: Candidate, *, n_rows: int) -> tuple[Question, Any]:
    located = files_of(candidate)
    question = settle_question(
        located,
        labels=work.rows.labels,
        settings=ZeroShotSection(language="ko" if work.language == "ko" else "en"),
        is_pair="text_pair" in work.rows.learn.column_names,
        n_rows=n_rows,
    )
    return question, open_for_question(located, question)


def _expected(opened: Any, asked: Dataset, question: Question, *, enough: float) -> float:
    """The seconds that all rows will take, from one of them, and from a few more where that alone says too much.

    What is done once, such as reading the labels, is in the time of the first row as well.
    """
    n_rows = len(asked) + _ROWS_FOR_COSTS
    first = _timed(opened, asked.select([0]), question)
    if n_rows * first <= enough or len(asked) <= _FIRST_ROWS:
        return n_rows * first
    few = _timed(opened, asked.select(range(_FIRST_ROWS)), question)
    each = max(0.0, few - first) / (_FIRST_ROWS - 1)
    return min(n_rows * first, first + each * n_rows)


def _timed(opened: Any, asked: Dataset, question: Question) -> float:
    started = time.monotonic()
    _answers(opened, asked, question)
    return time.monotonic() - started


def _costs(opened: Any, asked: Dataset, question: Question, *, most_seconds: float) -> Costs:
    def reply(texts: Sequence[str]) -> object:
        columns = {name: list(texts) for name in ("text", "text_pair") if name in asked.column_names}
        return ask(opened, Dataset.from_dict({"id": list(range(len(texts))), **columns}), question)

    return measure_costs(opened, list(asked["text"]), answer=reply, batch_rows=_BATCH, most_seconds=most_seconds)


def _answers(opened: Any, asked: Dataset, question: Question) -> list[int]:
    return [int(label) for label in ask(opened, asked, question).predictions.predicted]
