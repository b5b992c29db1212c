from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_results import result_of
from sklearn.metrics import confusion_matrix

from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.report.facts import amount, costs, duration
from toolkit.report.measures import Measure, results
from toolkit.report.sentences import comparison, headline
from toolkit.tasks.text_classification.weak_places import OUTSIDE, confusion_rows, most_confused


def test_the_headline_names_metric_interval_and_rows(metrics):
    assert headline(result_of(metrics)) == "reaches accuracy 0.840 (95 % interval 0.817 to 0.862) on 1,000 test rows"


def test_the_first_metric_of_the_file_is_the_headline(metrics):
    measured = metrics["splits"]["test"]["metrics"]
    metrics["splits"]["test"]["metrics"] = {"f1": measured["f1"], "accuracy": measured["accuracy"]}
    assert headline(result_of(metrics)).startswith("reaches macro F1 0.840 ")


def test_a_metric_without_a_value_is_said_to_be_undefined(metrics):
    metrics["splits"]["test"]["metrics"]["accuracy"] = {"value": None, "ci95": None}
    assert headline(result_of(metrics)) == "has no defined accuracy on 1,000 test rows"
    assert comparison(result_of(metrics)) == ""


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_values_that_are_not_finite_are_undefined(value):
    measure = Measure.of(MetricValue(value, None if value is None else (value, value)))
    assert measure == Measure()
    assert (measure.text, measure.interval) == ("not defined", "")


def test_the_comparison_takes_the_best_baseline_not_the_first(metrics):
    assert comparison(result_of(metrics)) == (
        "That is 0.055 above the best baseline: TF-IDF + logistic regression, 0.785 "
        "(95 % interval 0.760 to 0.810). On the same rows the difference has the 95 % interval 0.030 to 0.080, so the "
        "model is better."
    )
    del metrics["baselines"]["tfidf-logistic"]["differences"]  # a run of an older version
    assert comparison(result_of(metrics)).endswith("0.785 (95 % interval 0.760 to 0.810).")


@pytest.mark.parametrize(
    ("value", "ends", "place", "verdict"),
    [
        (0.79, [-0.02, 0.03], "That is 0.005 above the best", "-0.020 to 0.030, so they do not settle which is better"),
        (0.70, [-0.11, -0.06], "That is 0.085 below the best", "-0.110 to -0.060, so the baseline is better"),
        (0.785, [0.0, 0.0], "That is equal to the best", "0.000 to 0.000, so they do not settle which is better"),
    ],
)
def test_the_comparison_says_when_a_baseline_is_not_beaten(metrics, value, ends, place, verdict):
    metrics["splits"]["test"]["metrics"]["accuracy"]["value"] = value
    paired = {"accuracy": {"value": value - 0.785, "ci95": ends}}
    metrics["baselines"]["tfidf-logistic"]["differences"] = paired
    assert comparison(result_of(metrics)).startswith(place)
    assert verdict in comparison(result_of(metrics))


def test_baselines_without_a_value_or_interval_do_not_mislead(metrics):
    metrics["baselines"]["tfidf-logistic"]["metrics"]["accuracy"] = {"value": None, "ci95": None}
    metrics["baselines"]["majority"]["metrics"]["accuracy"]["ci95"] = None
    assert comparison(result_of(metrics)) == "That is 0.340 above the best baseline: Most frequent class, 0.500."


def test_without_baselines_there_is_no_comparison(metrics):
    metrics["baselines"] = {}
    assert comparison(result_of(metrics)) == ""
    assert [result.name for result in results(result_of(metrics))] == ["This model"]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_most_confused_pairs_agree_with_counting_the_rows(pairs):
    names = [f"class {i}" for i in range(5)]
    references, predictions = zip(*pairs, strict=True)
    counts = confusion_matrix(references, predictions, labels=range(5)).tolist()
    found = most_confused({"labels": names, "counts": counts}, at_most=100)
    expected = Counter((names[r], names[p]) for r, p in pairs if r != p)
    assert {(pair.reference, pair.prediction): pair.rows for pair in found} == expected
    assert [pair.rows for pair in found] == sorted(expected.values(), reverse=True)
    of_class = Counter(names[r] for r in references)
    assert all(pair.of_rows == of_class[pair.reference] for pair in found)


def test_rows_of_unknown_classes_have_their_own_line():
    confusion = {"labels": ["a", "b"], "counts": [[3, 1], [0, 4], [2, 0]]}
    assert confusion_rows(confusion)[-1] == (OUTSIDE, [2, 0])
    worst = most_confused(confusion, at_most=1)[0]
    assert (worst.reference, worst.prediction, worst.rows, worst.of_rows) == (OUTSIDE, "a", 2, 2)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.04, "0.0 s"),
        (8, "8.0 s"),
        (60, "1 min"),
        (599.7, "10 min"),
        (170.1, "2 min 50 s"),
        (7325, "2 h 2 min"),
        (7200, "2 h"),
    ],
)
def test_duration(value, words):
    assert duration(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (999, "999"), (1000, "1 k"), (22_713_986, "22.7 M"), (1.9e9, "1.9 G"), (4.2e12, "4200 G")],
)
def test_amount(value, words):
    assert amount(value) == words


def test_costs_take_their_unit_from_the_name_and_leave_out_what_is_not_known(metrics):
    metrics["cost"] = {"train_seconds": 170.1, "peak_memory_bytes": None, "model_bytes": 9e7, "epochs": 3}
    assert costs(result_of(metrics).cost) == [("train time", "2 min 50 s"), ("model size", "90 MB"), ("epochs", "3")]
