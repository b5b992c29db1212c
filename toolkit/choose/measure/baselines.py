"""What costs nothing, on the validation rows: a model has to beat it to be worth anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from datasets import Dataset

from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.evaluation.baselines.classes import Baseline, majority_baseline, tfidf_baseline
from toolkit.evaluation.baselines.kept import kept_baseline
from toolkit.evaluation.baselines.label_sets import majority_set_baseline, tfidf_sets_baseline
from toolkit.evaluation.baselines.ngram import ngram_baseline
from toolkit.evaluation.baselines.numbers import mean_baseline, tfidf_ridge_baseline
from toolkit.names import Problem

_OF_PROBLEM: dict[Problem, tuple[Callable[..., Baseline], Callable[..., Baseline]]] = {
    Problem.SINGLE_LABEL: (majority_baseline, tfidf_baseline),
    Problem.MULTI_LABEL: (majority_set_baseline, tfidf_sets_baseline),
    Problem.REGRESSION: (mean_baseline, tfidf_ridge_baseline),
}
"""The constant answer and the learnt one; for texts, a model that counts characters is all there is."""


def measure_baselines(rows: Rows) -> list[Measurement]:
    """The free baselines of a task.

    Args:
        rows: the data.
    """
    if rows.problem is None:
        scored = ngram_baseline(list(rows.learn[rows.target]), list(rows.judge_rows[rows.target]))
        bits = scored.negative_log_likelihood / np.log(2)
        return [_measured(rows, "character-5-gram", bits.tolist(), seconds=0.0)]
    constant, on_texts = _OF_PROBLEM[rows.problem]
    learn, asked = rows.learn, rows.judge_rows
    key = f"{rows.problem}-choose-{rows.digest}-{len(asked)}"
    made = [
        constant(learn["label"], len(asked)),
        kept_baseline(key, partial(_answer, on_texts, learn, asked)),
    ]
    return [
        _measured(rows, one.name, _as_answers(one.predictions, rows.problem), seconds=one.seconds, reason=one.note)
        for one in made
    ]


def _answer(on_texts: Callable[..., Baseline], learn: Dataset, asked: Dataset) -> Baseline:
    pairs = {
        f"{name}_pairs": list(part["text_pair"])
        for name, part in (("train", learn), ("test", asked))
        if "text_pair" in part.column_names
    }
    return on_texts(list(learn["text"]), learn["label"], list(asked["text"]), **pairs)


def _as_answers(predictions: Any, problem: Problem) -> list[Any]:
    if problem is Problem.MULTI_LABEL:
        return [np.flatnonzero(places).tolist() for places in predictions]
    return list(np.asarray(predictions).tolist())


def _measured(rows: Rows, name: str, answers: list[Any], *, seconds: float, reason: str | None = None) -> Measurement:
    return Measurement(
        candidate=name,
        stage=Stage.BASELINE,
        answers=answers,
        value=rows.judge.value(answers),
        interval=rows.judge.interval(answers),
        rows_learnt=len(rows.learn),
        seconds=round(seconds, 2),
        reason=reason,
    )
