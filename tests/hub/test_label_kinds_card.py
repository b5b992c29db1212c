"""Cards of models that name several labels, or give a number; their Python is run with plain transformers."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from datasets import Dataset
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from label_kinds_metrics import scores_of_pairs, several_labels
from run_results import card_of, recipe_of, result_of

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, open_for_prediction
from toolkit.hub.card.limits import measured_limits, unmeasured
from toolkit.hub.card.usage import intended_use
from toolkit.names import Problem
from toolkit.tasks.text_classification.predict import predict

TEXT, PAIR = "a long text " * 100, "another one"


@pytest.mark.parametrize("problem", [Problem.MULTI_LABEL, Problem.REGRESSION])
@pytest.mark.parametrize("columns", [["text"], ["text", "text_pair"]])
def test_the_snippet_says_what_the_toolkit_says(
    metrics: dict[str, Any], tiny_bert: Path, tmp_path: Path, problem: Problem, columns: list[str]
):
    labels = ("joy", "화", "envy") if problem is Problem.MULTI_LABEL else ("score",)
    torch.manual_seed(4)
    config = BertConfig.from_pretrained(
        tiny_bert, initializer_range=0.5, id2label=dict(enumerate(labels)), problem_type=str(problem)
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    metrics["problem"] = str(problem)
    recipe = yaml.safe_dump({"data": {"columns": {name: name for name in columns}}})
    (snippet,) = re.findall(r"```python\n(.*?)\n```", card_of(metrics, recipe_yaml=recipe), re.DOTALL)
    snippet = snippet.replace("RUN/model", tmp_path.as_posix()).replace('"text_pair": "…"', f'"text_pair": "{PAIR}"')
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(snippet.replace("…", TEXT), {})
    answer = ast.literal_eval(printed.getvalue())
    texts = dict(zip(("text", "text_pair"), (TEXT, PAIR), strict=True))
    rows = Dataset.from_dict({"id": [0], **{name: [texts[name]] for name in columns}})
    expected = predict(open_for_prediction(LocatedModel("mine", tmp_path), SEQUENCE_HEAD), rows).rows()[0]
    if problem is Problem.REGRESSION:
        assert answer == pytest.approx(expected["prediction"], abs=1e-5)
    else:
        assert sorted(answer) == sorted(filter(None, expected["prediction"].split(", ")))


@pytest.mark.parametrize(
    ("problem", "columns", "use"),
    [
        ("single_label_classification", {"text_pair": "b"}, "sorting pairs of texts like those"),
        ("multi_label_classification", {}, "naming all of the labels below that texts like those"),
        ("regression", {"text_pair": "b"}, "giving pairs of texts like those that it learnt from a score."),
    ],
)
def test_intended_use_is_that_of_the_problem(problem: str, columns: dict[str, str], use: str):
    recipe = recipe_of({"data": {"source": "a.csv", "columns": columns}})
    assert use in str(intended_use(result_of({"problem": problem}), recipe))


def test_limits_of_several_labels(metrics: dict[str, Any]):
    several = several_labels(metrics)
    sentences = [str(sentence) for sentence in measured_limits(result_of(several))]
    assert sentences == [
        "In exact match it is no better than a baseline that costs nothing: 0.500 against 0.550 "
        "(Most frequent set of labels).",
        "The hardest label is `화` (F1 0.333): found in 10 of 40 test rows that have it, given to 20.",
    ]
    assert any("calibrated" in str(sentence) for sentence in unmeasured(result_of(several)))


def test_limits_of_scores(metrics: dict[str, Any]):
    scores = scores_of_pairs(metrics)
    sentences = [str(sentence) for sentence in measured_limits(result_of(scores))]
    assert sentences[0].startswith("In mean absolute error it is no better than a baseline that costs nothing: 0.900")
    assert sentences[1].startswith("Half of the predictions are off by 0.457 or less")
    assert not any("calibrated" in str(sentence) for sentence in unmeasured(result_of(scores)))


def test_cards_have_every_figure(metrics: dict[str, Any]):
    card = card_of(scores_of_pairs(metrics), recipe_yaml="data: {source: a.csv, columns: {text_pair: b}}\n")
    for words in ("| TF-IDF + ridge regression |", "mean squared error, less is better", "**0.810**", "type: pearson"):
        assert words in card


def test_what_it_answers_with(metrics: dict[str, Any]):
    recipe = "data: {source: a.csv}\n"
    assert "It answers with a number, on the scale of" in card_of(scores_of_pairs(metrics), recipe_yaml=recipe)
    several = card_of(several_labels(metrics), recipe_yaml=recipe)
    assert "It answers with any number of 3 labels, also none: `joy`, `화`, `envy`." in several
    assert "It answers with one of 2 labels: `negative`, `positive`." in card_of(metrics, recipe_yaml=recipe)
