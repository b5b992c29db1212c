"""No headline praises a run that a free baseline beats: page, slides, comparison, and the page of the run alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kept_runs import classes, write_kept_run
from run_results import result_of
from told_work import told, write_work

from toolkit.evaluation.metrics.difference import Difference
from toolkit.report import sentences
from toolkit.report.compared import compared_lines
from toolkit.report.comparison import unbeaten
from toolkit.report.page import render_story
from toolkit.report.slides.compose import compose
from toolkit.report.standing import Standing, standing
from toolkit.report.story import Figure, Story
from toolkit.report.story_lines import story_json
from toolkit.report.story_words import headline_of
from toolkit.report.written import Written
from toolkit.run_result import RunResult
from toolkit.tell.tell import tell
from toolkit.workflow.compare import compare

NAMES = {"majority": "Most frequent class", "tfidf-logistic": "TF-IDF + logistic regression"}


def beside(folder: Path, values: dict[str, tuple[float, tuple[float, float, float] | None]]) -> RunResult:
    """Write baselines into a run: the accuracy of each, and how far the run is above it, with the interval."""
    file = folder / "metrics.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["baselines"] = {
        name: {
            "rows": 120,
            "metrics": {"accuracy": {"value": value, "ci95": [value - 0.05, value + 0.05]}},
            "differences": {} if found is None else {"accuracy": Difference(*found).to_json()},
        }
        for name, (value, found) in values.items()
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return RunResult.read(file)


CASES = {
    "beaten": ({"majority": (0.4, (0.5, 0.4, 0.6)), "tfidf-logistic": (0.8, (0.1, 0.02, 0.15))}, None, "run-0 won"),
    "better": (
        {"majority": (0.4, (0.5, 0.4, 0.6)), "tfidf-logistic": (0.95, (-0.05, -0.08, -0.02))},
        "A free baseline is better than the best run: TF-IDF + logistic regression, accuracy 0.950 (95 % interval",
        "A free baseline is better: TF-IDF + logistic regression",
    ),
    "open": (
        {"majority": (0.4, (0.5, 0.4, 0.6)), "tfidf-logistic": (0.85, (0.01, -0.02, 0.05))},
        "The best run is not shown to be better than a free baseline: TF-IDF + logistic regression, accuracy 0.850",
        "Not shown to be better than a free baseline: TF-IDF + logistic regression",
    ),
    "constant": (
        {"majority": (0.84, (0.0, -0.03, 0.03)), "tfidf-logistic": (0.5, (0.3, 0.2, 0.4))},
        "The best run is not shown to be better than a free baseline: Most frequent class, accuracy 0.840",
        "Not shown to be better than a free baseline: Most frequent class",
    ),
    "an older version": (
        {"tfidf-logistic": (0.97, None)},
        "A free baseline has a value that is as good, or better: TF-IDF + logistic regression, accuracy 0.970",
        "A free baseline is as good, or better: TF-IDF + logistic regression",
    ),
    "an older version, beaten": ({"tfidf-logistic": (0.5, None)}, None, "run-0 won"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_baseline_that_is_not_beaten_is_told_first_and_everywhere(tmp_path: Path, case: str):
    baselines, sentence, title = CASES[case]
    ledger = write_work(tmp_path, shares=(0.9, 0.5), ends=False)
    runs = [tmp_path / "runs" / f"run-{place}" for place in range(2)]
    result = beside(runs[0], baselines)
    story = told(ledger)
    deck = compose(story)
    assert any(slide.title.endswith(title) for slide in deck.slides)
    lines = "\n".join(compared_lines(compare([str(run) for run in runs])))
    known = story_json(story, Written())["winner"]["unbeaten_baseline"]
    own = sentences.beside_baseline(result)
    if sentence is None:
        assert headline_of(story).startswith("packaged:minilm, full is the best of 2 runs")
        assert (known, own) == (None, "")
        assert "free baseline" not in lines
        return
    assert headline_of(story).startswith(sentence)
    assert sentence in render_story(story)
    assert sentence in str(deck.slides[0].blocks)
    assert own
    assert f"A: {own}" in lines
    assert own in render_story(told(ledger, str(runs[0])))
    assert known in sentence
    korean = told(ledger, language="ko")
    assert "무료 기준선" in headline_of(korean).partition(":")[0]
    assert not any("baseline" in slide.title for slide in compose(korean).slides)


@pytest.mark.parametrize(("better", "told_of"), [(True, None), (False, "Mean of the training scores")])
def test_where_less_is_better_the_lower_one_is(metrics: dict[str, Any], better: bool, told_of: str | None):
    sign = -1 if better else 1
    metrics |= {"problem": "regression", "labels": []}
    metrics["splits"]["test"] = {"rows": 90, "metrics": {"mse": {"value": 2.0, "ci95": [1.5, 2.5]}}}
    metrics["baselines"] = {
        "mean": {
            "rows": 90,
            "metrics": {"mse": {"value": 2.0 - sign, "ci95": [0.5, 3.5]}},
            "differences": {"mse": {"value": sign, "ci95": sorted([0.5 * sign, 1.5 * sign])}},
        }
    }
    found = unbeaten(result_of(metrics))
    assert (None if found is None else found.baseline) == told_of


def test_baselines_were_measured_on_all_rows_of_a_run_and_its_figure_on_the_common_ones(tmp_path: Path):
    for name, n_rows, share in (("long", 120, 0.9), ("short", 90, 0.6)):
        texts = [f"text {row}" for row in range(n_rows)]
        right = [row % 10 < 10 * share for row in range(n_rows)]
        answers = classes(right, texts=texts)
        references = classes([True] * 120, texts=[f"text {row}" for row in range(120)])
        answers = replace(
            answers,
            references=references.references[:n_rows],
            reference_labels=references.reference_labels[:n_rows],
        )
        write_kept_run(tmp_path / name, answers)
    beside(tmp_path / "long", {"tfidf-logistic": (0.95, (-0.05, -0.08, -0.02))})
    story = tell([str(tmp_path / "long"), str(tmp_path / "short")])
    assert story.winner is not None
    assert story.compared is not None
    assert story.compared.rows == story.winner.figure.rows == 90
    assert "0.950 (95 % interval 0.900 to 1.000) on 120 test rows." in headline_of(story)
    assert headline_of(story).endswith("on 90 test rows.")


def standing_of(story: Story, *, values: list[float | None], metric: str = "accuracy") -> Standing:
    """How the first run stands beside others, from which it differs by these amounts, surely."""
    assert story.winner is not None
    first = next(each for each in story.winner.versus if each.letter is not None)
    versus = [
        replace(
            first,
            difference=None if value is None else Difference(value, value, value),
            verdict=story.winner.versus[0].verdict if value else None,
        )
        for value in values
    ]
    figure = Figure(metric=metric, entry=story.winner.figure.entry, rows=120, source="")
    return standing(replace(story.winner, versus=tuple(versus), figure=figure))


def test_ties_and_values_that_cannot_be_compared_are_no_victory(tmp_path: Path):
    story = told(write_work(tmp_path, shares=(0.9, 0.5), ends=False))
    assert standing_of(story, values=[]) is Standing.ALONE
    assert standing_of(story, values=[0.3]) is Standing.BEST
    assert standing_of(story, values=[0.3, 0.0]) is Standing.EQUAL
    assert standing_of(story, values=[None]) is Standing.APART
    assert standing_of(story, values=[0.3], metric="length_ratio") is Standing.UNDIRECTED


def test_what_is_not_defined_or_nothing_is_told_in_words(tmp_path: Path):
    runs = [write_kept_run(tmp_path / name, classes([True] * 60)) for name in ("first", "second")]
    story = tell([str(run) for run in runs])
    assert headline_of(story).startswith("packaged:minilm, full and another of 2 runs have the best value: accuracy")
    assert "-0.000" not in render_story(story)
    file = runs[0] / "metrics.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    undefined = {"value": None, "ci95": None, "reason": "it is undefined on these rows"}
    content["splits"]["test"]["metrics"]["accuracy"] = undefined
    file.write_text(json.dumps(content), encoding="utf-8")
    assert headline_of(tell([str(runs[0])])).endswith("has no defined accuracy on 60 test rows.")


def test_a_pretrained_model_that_wins_without_training_says_so(tmp_path: Path):
    ledger = write_work(tmp_path, shares=(0.9, 0.5), ends=False)
    file = tmp_path / "runs" / "run-0" / "metrics.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "method": "zero-shot"}), encoding="utf-8")
    assert headline_of(told(ledger)).endswith("It is the pretrained model without any training.")
