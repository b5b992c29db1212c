from __future__ import annotations

import pytest

from toolkit.evaluation.metrics.classes import METRICS
from toolkit.evaluation.metrics.label_sets import LABEL_SET_METRICS
from toolkit.evaluation.metrics.numbers import NUMBER_METRICS
from toolkit.evaluation.metrics.texts import TEXT_METRICS
from toolkit.names import SPECS
from toolkit.report.metric_words import metric_words
from toolkit.tasks.token_classification.metrics import METRICS as TAG_METRICS


@pytest.mark.parametrize("name", sorted({name for spec in SPECS.values() for name in spec.all_metrics}))
def test_direction_is_that_of_the_metric_itself(name: str):
    directed = {**TEXT_METRICS, **NUMBER_METRICS}
    greater_is_better = directed[name].greater_is_better if name in directed else True
    assert name in directed or name in METRICS or name in LABEL_SET_METRICS or name in TAG_METRICS
    assert metric_words(name).greater_is_better == greater_is_better
    directions = {True: "", False: ", less is better", None: ", neither is better"}
    assert metric_words(name).heading == metric_words(name).name + directions[greater_is_better]


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("accuracy", 0.84, "0.840"),
        ("bleu", 38.9123, "38.9"),
        ("chrf", 100.0, "100.0"),
        ("perplexity", 1234.567, "1,234.57"),
        ("perplexity", 3.2e40, "3.2e+40"),
        ("bits_per_character", 2.34567, "2.346"),
        ("masked_accuracy", 0.4123, "0.412"),
        ("rougeL", 0.34567, "0.346"),
        ("length_ratio", 1.0, "1.000"),
        ("something_new", 0.5, "0.500"),
    ],
)
def test_numbers_have_the_places_of_their_metric(name: str, value: float, written: str):
    assert metric_words(name).number(value) == written


def test_names_in_words():
    names = ("bleu", "bleu_lowercase", "chrf", "rouge1", "rougeLsum", "exact_match", "copied_4grams")
    names += ("bits_per_character", "perplexity", "masked_accuracy", "something_new")
    assert [metric_words(name).name for name in names] == [
        "BLEU",
        "BLEU lowercased",
        "chrF",
        "ROUGE-1",
        "ROUGE-Lsum",
        "exact match",
        "copied 4-grams",
        "bits per character",
        "perplexity",
        "accuracy on masked words",
        "something new",
    ]
