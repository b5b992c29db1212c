from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from scipy.stats import pearsonr
from sklearn.metrics import accuracy_score, f1_score

from toolkit.choose.look.judge import Judge
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.evaluation.metrics.paired import paired_difference
from toolkit.names import Problem

DRAWN = np.random.default_rng(0)


def _measured(judge: Judge, answers: list[Any], rows: list[int] | None = None) -> Measurement:
    return Measurement(
        candidate="m", stage=Stage.FEATURES, answers=answers, rows=rows, value=judge.value(answers, rows)
    )


def test_classes_are_judged_by_accuracy() -> None:
    labels, answers = DRAWN.integers(3, size=80).tolist(), DRAWN.integers(3, size=80).tolist()
    judge = Judge.of_labels(Dataset.from_dict({"label": labels}), problem=Problem.SINGLE_LABEL, n_labels=3)
    assert judge.metric == "accuracy"
    assert judge.value(answers) == pytest.approx(accuracy_score(labels, answers))
    low, high = judge.interval(answers) or (0.0, 0.0)
    assert low < accuracy_score(labels, answers) < high


def test_several_labels_are_judged_by_macro_f1() -> None:
    labels, given = (DRAWN.integers(2, size=(60, 4)) for _ in range(2))
    judge = Judge.of_labels(
        Dataset.from_dict({"label": labels.astype(float).tolist()}), problem=Problem.MULTI_LABEL, n_labels=4
    )
    answers = [np.flatnonzero(row).tolist() for row in given]
    assert judge.value(answers) == pytest.approx(f1_score(labels, given, average="macro", zero_division=0))


def test_numbers_are_judged_by_correlation() -> None:
    labels = DRAWN.normal(size=50)
    answers = (labels + DRAWN.normal(size=50)).tolist()
    judge = Judge.of_labels(Dataset.from_dict({"label": labels.tolist()}), problem=Problem.REGRESSION, n_labels=1)
    assert judge.value(answers) == pytest.approx(pearsonr(labels, answers).statistic)
    assert judge.value([1.0] * 50) is None


def test_texts_are_judged_by_bits_for_a_character_and_less_is_better() -> None:
    judge = Judge.of_texts([10, 30])
    assert judge.value([20.0, 20.0]) == pytest.approx(1.0)
    cheap, dear = _measured(judge, [10.0, 10.0]), _measured(judge, [40.0, 40.0])
    assert judge.quality(cheap) > judge.quality(dear)
    difference = judge.difference(cheap, dear)
    assert difference is not None
    assert difference.value == pytest.approx(1.5)


def test_two_are_compared_on_the_rows_that_both_have_answered() -> None:
    labels = DRAWN.integers(2, size=40).tolist()
    judge = Judge.of_labels(Dataset.from_dict({"label": labels}), problem=Problem.SINGLE_LABEL, n_labels=2)
    rows = list(range(0, 40, 2))
    every, some = DRAWN.integers(2, size=40).tolist(), DRAWN.integers(2, size=20).tolist()
    right = [[float(answers[i] == labels[row]) for i, row in enumerate(rows)] for answers in (every[::2], some)]
    assert judge.difference(_measured(judge, every), _measured(judge, some, rows)) == paired_difference(*right)


def test_without_common_rows_nothing_is_compared() -> None:
    judge = Judge.of_texts([1, 1])
    assert judge.difference(_measured(judge, [1.0], [0]), _measured(judge, [1.0], [1])) is None
