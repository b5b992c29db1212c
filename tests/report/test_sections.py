"""The sections of a run's page: what they say of figures, in both languages, with hostile names."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from report_page import HOSTILE, Page, poisoned
from run_results import result_of
from sklearn.metrics import precision_score, recall_score

from toolkit.evaluation.inference.predictions import Predictions
from toolkit.names import Problem
from toolkit.recipe import yaml_without_nulls
from toolkit.report.language import ENGLISH, Language
from toolkit.report.page import run_body
from toolkit.report.sections import run_sections
from toolkit.report.sections.calibration import calibration_section
from toolkit.report.sections.curve_says import curve_says
from toolkit.report.sections.label_table import label_section
from toolkit.report.sections.slices import p_value, slice_section
from toolkit.run_result import RunResult
from toolkit.tasks.text_classification.kinds import kind_of

RECIPE = "task: text-classification\nmodel:\n  name: packaged:minilm\n  problem_type: null\nnote: null\n"
KOREAN = Language("ko")


@pytest.fixture
def measured(metrics: dict[str, Any]) -> dict[str, Any]:
    """A run of two classes that is too sure, with slices."""
    generator = np.random.default_rng(0)
    truth = generator.integers(2, size=400)
    logits = generator.normal(size=400) + (truth - 0.5)
    probabilities = 1 / (1 + np.exp(-4 * np.stack([-logits, logits], axis=1)))
    labels = metrics["labels"]
    predictions = Predictions(
        list(range(400)), ["a"] * 400, [labels[each] for each in truth], truth, tuple(labels), probabilities
    )
    test = metrics["splits"]["test"]
    test |= kind_of(Problem.SINGLE_LABEL).evaluate(predictions, ["accuracy", "f1"]).to_json()
    test["slices"] = {
        "tokens": {"median": 9.0, "p95": 20.0, "max": 30}, "limit": 64, "cut_rows": 0, "metric": "accuracy",
        "unknown": {"rows": 0, "share": 0.0}, "scripts": {"Latin": 400},
        "slices": [
            {"by": "length", "low": 3, "high": 9, "rows": 200, "value": 0.7, "ci95": [0.64, 0.76]},
            {"by": "column", "column": "channel", "name": "fax", "rows": 90, "value": 0.4, "ci95": [0.3, 0.5]},
            {"by": "column", "column": "channel", "name": None, "rows": 90, "value": 0.66, "ci95": [0.56, 0.76]},
        ],
        "whole": {"value": 0.7, "ci95": [0.65, 0.75]},
        "too_small": [{"by": "column", "column": "channel", "name": "web", "rows": 12}],
        "left_out": [{"by": "label", "slices": 5, "rows": 40}],
    }  # fmt: skip
    metrics["temperature"] = {"value": 2.0, "rows": 300, "kept": False, "test": {}}
    return metrics


def page(metrics: dict[str, Any], language: Language = ENGLISH) -> Page:
    return Page(str(run_body(result_of(metrics), recipe_yaml=RECIPE, samples=[], losses=[], language=language)))


def test_labels_have_the_scores_of_scikit_learn(measured: dict[str, Any]):
    result = result_of(measured)
    counts = np.array(result.test.details["confusion"]["counts"])
    truth = np.repeat(np.arange(2), counts.sum(axis=1))
    predicted = np.concatenate([np.repeat(np.arange(2), row) for row in counts])
    section = label_section(result, ENGLISH)
    for row in section.hardest:
        place = result.labels.index(row.score.label)
        assert row.precision.value == pytest.approx(precision_score(truth, predicted, labels=[place], average="micro"))
        assert row.recall.value == pytest.approx(recall_score(truth, predicted, labels=[place], average="micro"))
        assert row.recall.low < row.recall.value < row.recall.high
    assert [row.score.f1 for row in section.hardest] == sorted(row.score.f1 for row in section.hardest)


def test_slices_are_not_read_into_more_than_they_say(measured: dict[str, Any]):
    section = slice_section(result_of(measured).test, ENGLISH)
    assert [row.differs for row in section.rows] == ["", "worse", ""]
    assert [(row.kind, row.name) for row in section.rows] == [
        ("length", "3 to 9 tokens"), ("channel", "fax"), ("", "(blank)")
    ]  # fmt: skip
    text = " ".join(section.sentences)
    assert "Too few rows to judge, fewer than 30: channel web (12)." in text
    assert "Not looked at by itself: 5 more of the kind label (40 test rows)." in text
    assert "one interval in twenty" in text
    far, near = (row.measure for row in section.rows[1:])
    whole = section.rows[0].measure
    assert p_value(far, whole) == pytest.approx(4e-9, rel=1)
    assert p_value(near, whole) == pytest.approx(0.433, abs=0.01)
    # Runs of older versions have neither the whole nor what is too small.
    for key in ("whole", "too_small", "left_out"):
        del measured["splits"]["test"]["slices"][key]
    assert len(slice_section(result_of(measured).test, ENGLISH).rows) == 3


def test_calibration_says_what_it_finds(measured: dict[str, Any]):
    result = result_of(measured)
    section = calibration_section(result, ENGLISH)
    assert section.sentences[0].startswith("It is too sure: on average its probabilities are 0.")
    assert "which this model exceeds" in section.sentences[1]
    assert "evaluation.calibrate: true saves it" in section.sentences[2]
    assert sum(dot.answers for dot in section.dots) == 400
    assert all(0 <= place <= 100 for dot in section.dots for place in (dot.x, dot.y, dot.low, dot.high))
    measured["temperature"] = {"value": None, "rows": 3, "kept": False, "reason": "fewer than 50 validation rows"}
    assert calibration_section(result_of(measured), KOREAN).sentences[-1] == "온도가 없습니다: 검증 행이 50개 미만."


@pytest.mark.parametrize(
    ("losses", "values", "said"),
    [
        ([0.9, 0.6, 0.5, 0.45, 0.42], [0.5, 0.7, 0.8, 0.85, 0.95], ["the last one: a longer training"]),
        ([0.9, 0.5, 0.6, 0.7, 0.8], [0.5, 0.7, 0.74, 0.8, 0.86], ["becomes too sure", "the last one"]),
        ([0.9, 0.5, 0.7, 0.9, 1.2], [0.5, 0.9, 0.88, 0.8, 0.7], ["by heart"]),
        ([0.9, 0.5, 0.49, 0.49, 0.49], [0.5, 0.9, 0.91, 0.9, 0.905], ["From step 20 of 50 on accuracy"]),
        ([0.7, 0.7, 0.71, 0.7, 0.7], [0.5, 0.5, 0.49, 0.5, 0.5], ["has not learnt"]),
        ([0.9, 0.5], [0.5, 0.9], []),
    ],
)  # fmt: skip
def test_the_curve_speaks(metrics: dict[str, Any], losses: list[float], values: list[float], said: list[str]):
    metrics["training"]["curve"] = [
        {"step": 10 * (place + 1), "loss": loss, "accuracy": value}
        for place, (loss, value) in enumerate(zip(losses, values, strict=True))
    ]
    metrics["splits"]["validation"] = {"rows": 1000}
    found = curve_says(result_of(metrics), "accuracy", ENGLISH)
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


@pytest.mark.parametrize("language", [ENGLISH, KOREAN])
def test_the_page_has_all_of_it_and_escapes_it(measured: dict[str, Any], language: Language):
    whole = page(measured, language)
    for english in ("By label", "Where it does better and worse", "Precision by recall",
                    "Do its probabilities mean what they say?"):  # fmt: skip
        assert language.name(english) in whole.text
    assert "null" not in whole.text
    bad = page(poisoned(measured), language)
    assert bad.count("script") == bad.count("img") == 0
    assert HOSTILE.splitlines()[0][:10] in bad.text


def test_older_runs_have_no_such_sections(metrics: dict[str, Any]):
    found = run_sections(result_of(metrics), ENGLISH, metric="accuracy")
    assert (found["curves"], found["calibration"]) == (None, None)
    result = result_of(metrics)
    assert result.temperature is None
    assert RunResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_a_recipe_for_people_has_no_nulls():
    assert yaml_without_nulls(RECIPE) == "task: text-classification\nmodel:\n  name: packaged:minilm\n"
