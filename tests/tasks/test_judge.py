from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from scipy.stats import pearsonr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, recall_score

from toolkit.evaluation.metrics.paired import paired_difference
from toolkit.tasks.judge import Answered
from toolkit.tasks.text_classification.judge import ClassJudge, LabelSetJudge, NumberJudge
from toolkit.tasks.texts.judge import LikelihoodJudge, judge_texts

DRAWN = np.random.default_rng(0)


def test_classes_are_judged_by_accuracy() -> None:
    labels, answers = DRAWN.integers(3, size=80).tolist(), DRAWN.integers(3, size=80).tolist()
    judge = ClassJudge(labels, ["a", "b", "c"])
    assert judge.metric == "accuracy"
    assert judge.value(Answered(answers)) == pytest.approx(accuracy_score(labels, answers))
    low, high = judge.interval(Answered(answers)) or (0.0, 0.0)
    assert low < accuracy_score(labels, answers) < high


def test_several_labels_are_judged_by_macro_f1() -> None:
    labels, given = (DRAWN.integers(2, size=(60, 4)) for _ in range(2))
    judge = LabelSetJudge(labels.astype(float).tolist(), ["a", "b", "c", "d"])
    answers = Answered([np.flatnonzero(row).tolist() for row in given])
    assert judge.value(answers) == pytest.approx(f1_score(labels, given, average="macro", zero_division=0))


def test_a_label_that_nobody_has_or_gets_counts_0() -> None:
    labels = [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    judge = LabelSetJudge(labels, ["a", "b", "c"])
    expected = f1_score(labels, [[1, 0, 0], [1, 0, 0], [0, 0, 0]], average="macro", zero_division=0)
    assert judge.value(Answered([[0], [0], []])) == pytest.approx(expected)


def test_numbers_are_judged_by_correlation() -> None:
    labels = DRAWN.normal(size=50)
    answers = (labels + DRAWN.normal(size=50)).tolist()
    judge = NumberJudge(labels.tolist(), ["score"])
    assert judge.value(Answered(answers)) == pytest.approx(pearsonr(labels, answers).statistic)
    assert judge.value(Answered([1.0] * 50)) is None
    assert judge.quality(None) == -np.inf


def test_texts_are_judged_by_bits_for_a_character_and_less_is_better() -> None:
    judge = LikelihoodJudge([10, 30])
    assert judge.value(Answered([20.0, 20.0])) == pytest.approx(1.0)
    assert judge.quality(0.5) > judge.quality(2.0)
    difference = judge.difference(Answered([10.0, 10.0]), Answered([40.0, 40.0]))
    assert difference is not None
    assert difference.value == pytest.approx(1.5)


def test_two_are_compared_on_the_examples_that_both_have_answered() -> None:
    labels = DRAWN.integers(2, size=40).tolist()
    judge = ClassJudge(labels, ["a", "b"])
    indices = list(range(0, 40, 2))
    every, some = DRAWN.integers(2, size=40).tolist(), DRAWN.integers(2, size=20).tolist()
    right = [[float(answers[i] == labels[row]) for i, row in enumerate(indices)] for answers in (every[::2], some)]
    assert judge.difference(Answered(every), Answered(some, indices)) == paired_difference(*right)


def test_without_common_examples_nothing_is_compared() -> None:
    judge = LikelihoodJudge([1, 1])
    assert judge.difference(Answered([1.0], [0]), Answered([1.0], [1])) is None
    assert judge.difference(Answered((), ()), Answered([1.0, 1.0])) is None


def test_answers_of_logits_have_the_form_of_the_references() -> None:
    logits = np.array([[1.0, 2.0], [0.5, -0.5]])
    assert ClassJudge([0, 1], ["a", "b"]).answers_of(logits) == [1, 0]
    assert LabelSetJudge([[1, 0], [0, 1]], ["a", "b"]).answers_of(logits) == [[0, 1], [0]]
    assert NumberJudge([0.0, 1.0], ["score"]).answers_of(logits[:, :1]) == [1.0, 0.5]
    with pytest.raises(TypeError, match="bits_per_character"):
        LikelihoodJudge([1, 1]).answers_of(logits)


def test_the_characters_of_a_pair_are_those_of_its_target() -> None:
    rows = Dataset.from_dict({"source": ["abc", "d"], "target": ["영화", "good"]})
    assert judge_texts(rows, metrics=("bleu",), writers={}).references == [2, 4]
    assert judge_texts(Dataset.from_dict({"text": ["abc"]}), metrics=("bleu",), writers={}).references == [3]


@pytest.mark.parametrize(("characters", "bits"), [([5, 6, 0], [40.0, 3.0, 1.0]), ([20, 6, 1], [10.0, 3.0, 1.0])])
def test_the_rest_of_a_text_that_was_cut_costs_as_much_as_its_beginning(characters: list[int], bits: list[float]):
    columns: dict[str, list[Any]] = {
        "negative_log_likelihood": (math.log(2) * np.array([10.0, 3.0, 1.0])).tolist(),
        "n_characters": characters,
    }
    assert LikelihoodJudge([20, 6, 0]).answers_in(columns) == pytest.approx(bits)


def test_any_metric_of_the_labels_can_decide() -> None:
    labels, answers = DRAWN.integers(3, size=90).tolist(), DRAWN.integers(3, size=90).tolist()
    known = {
        "f1": f1_score(labels, answers, average="macro"),
        "recall": recall_score(labels, answers, average="macro"),
        "matthews_correlation": matthews_corrcoef(labels, answers),
    }
    for metric, value in known.items():
        judge = ClassJudge(labels, ["a", "b", "c"], metric=metric)
        assert judge.value(Answered(answers)) == pytest.approx(value)
        low, high = judge.interval(Answered(answers)) or (0.0, 0.0)
        assert low < value < high
    numbers = DRAWN.normal(size=50)
    errors = NumberJudge(numbers.tolist(), ["score"], metric="mae")
    assert errors.value(Answered((numbers + 2).tolist())) == pytest.approx(2.0)
    assert errors.quality(1.0) > errors.quality(2.0)
    difference = errors.difference(Answered(numbers.tolist()), Answered((numbers + 2).tolist()))
    assert difference is not None
    assert difference.value == pytest.approx(2.0)


def test_an_unknown_label_is_wrong_and_has_no_column() -> None:
    judge = ClassJudge([0, 1, -1, 0], ["a", "b"], metric="f1")
    assert judge.value(Answered([0, 1, 1, 1])) == pytest.approx((2 / 3 + 2 / 4) / 2)


def test_the_code_of_a_baseline_is_of_the_linear_one_alone():
    rows = Dataset.from_dict({"text": ["a good film", "a dull one"]})
    pairs = rows.add_column("text_pair", ["good", "bad"])
    classes, scores = ClassJudge([0, 1], ["bad", "good"]), NumberJudge([0.0, 1.0], ["score"])
    assert "LogisticRegression" in str(classes.baseline_code("tfidf-logistic", pairs))
    assert "Ridge" in str(scores.baseline_code("tfidf-ridge", rows))
    assert scores.baseline_code("tfidf-ridge", pairs) is None  # its features are not those of one text
    assert classes.baseline_code("majority", rows) is None
