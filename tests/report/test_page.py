from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from report_page import HOSTILE, Page, poisoned
from run_results import result_of

from toolkit.report.page import render_page

RECIPE = "task: text-classification\nmodel: {name: 'packaged:minilm'}\n"
MISTAKES = [
    {
        "id": 4411,
        "text": "지루한 영화 .",
        "reference": "negative",
        "prediction": "positive",
        "probability": 0.99312,
    }
]
LOSSES = [{"step": step, "loss": 0.7 - step / 2000} for step in range(10, 628, 10)]


def render(metrics, **changes):
    return render_page(result_of(metrics), **{"recipe_yaml": RECIPE, "samples": MISTAKES, "losses": LOSSES, **changes})


def with_classes(metrics, n):
    labels = [f"class {i}" for i in range(n)]
    counts = [[30 if i == j else (i * j) % 3 for j in range(n)] for i in range(n)]
    metrics["labels"] = labels
    metrics["splits"]["test"]["confusion"] = {"labels": labels, "counts": counts}
    return metrics


def test_the_page_says_what_was_measured(metrics):
    text = " ".join(Page(render(metrics)).text.split())
    for words in (
        "packaged:minilm on packaged:rotten-tomatoes",
        "reaches accuracy 0.840 (95 % interval 0.817 to 0.862) on 1,000 test rows.",
        "0.055 above the best baseline: TF-IDF + logistic regression",
        "0.333 0.319 to 0.347",
        "kept: step 418",
        "지루한 영화 .",
        "probability 0.993",
        "3 texts stand in train and test",
        metrics["data"]["digest"],
        "2 min 50 s",
        "1.9 GB",
        "22.7 M of 22.7 M",
        "model: {name: 'packaged:minilm'}",
    ):
        assert words in text


def test_the_page_needs_nothing_else(metrics):
    html = render(metrics)
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form"})
    assert not re.search(r"https?:|@import|url\(|javascript:", html)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")


def test_hostile_strings_anywhere_stay_text(metrics):
    mistake = {
        "id": HOSTILE,
        "text": HOSTILE,
        "reference": HOSTILE,
        "prediction": HOSTILE,
        "probability": 1.0,
    }
    bad = poisoned(metrics)
    bad["splits"]["test"]["metrics"] = {HOSTILE: {"value": 0.5, "ci95": [0.4, 0.6]}}
    bad["baselines"] = {HOSTILE: {"rows": 3, "metrics": {HOSTILE: {"value": 0.5, "ci95": None}}}}
    bad["environment"]["packages"] = {HOSTILE: HOSTILE}
    bad["cost"] = {HOSTILE: 1}
    html = render(bad, samples=[mistake], recipe_yaml=HOSTILE)
    page = Page(html)
    expected = Counter(tag for tag, _ in Page(render(metrics)).tags)
    found = Counter(tag for tag, _ in page.tags)
    assert set(found) <= set(expected)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count(HOSTILE) >= 15


def test_same_input_same_page(metrics):
    assert render(metrics) == render(metrics)


def test_bars_are_as_long_as_the_values(metrics):
    svg = re.search(r'<svg class="bars".*?</svg>', render(metrics), re.DOTALL)
    bars = ElementTree.fromstring(svg[0]).findall("rect")
    assert [(bar.get("class"), bar.get("x"), bar.get("width")) for bar in bars] == [
        ("ours", "0.0%", "84.02%"),
        ("theirs", "0.0%", "50.0%"),
        ("theirs", "0.0%", "78.5%"),
    ]


def test_both_learning_curves_mark_the_kept_step(metrics):
    page = Page(render(metrics))
    assert page.count("svg", "lines") == 2
    assert page.count("polyline", "training") == 1
    assert page.count("polyline", "validation") == 2
    assert page.count("line", "chosen") == 2
    metrics["training"]["best_step"] = None
    assert Page(render(metrics)).count("line", "chosen") == 0


def test_no_curve_without_log_and_evaluations(metrics):
    metrics["training"]["curve"] = []
    lost = [{"step": 10, "loss": None}]
    assert "Learning curve" not in render(metrics, losses=lost)


def test_of_a_step_logged_twice_the_later_entry_is_drawn(metrics):
    metrics["training"]["curve"] = []
    once = render(metrics, losses=[{"step": 10, "loss": 0.5}, {"step": 20, "loss": 0.25}])
    twice = [{"step": 10, "loss": 0.5}, {"step": 20, "loss": 9.0}, {"step": 20, "loss": 0.25}]
    assert render(metrics, losses=twice) == once


@pytest.mark.parametrize("n", [2, 6, 20])
def test_up_to_twenty_classes_have_a_matrix(metrics, n):
    page = Page(render(with_classes(metrics, n)))
    assert page.count("table", "matrix") == 1
    assert (page.count("td", "right"), page.count("td", "wrong")) == (n, n * n - n)


def test_more_classes_have_their_most_confused_pairs(metrics):
    page = Page(render(with_classes(metrics, 21)))
    assert page.count("table", "matrix") == 0
    assert "The pairs confused most often, of 21 classes." in page.text


def test_rows_of_unknown_classes_are_in_the_matrix(metrics):
    metrics["splits"]["test"]["confusion"]["counts"].append([5, 0])
    page = Page(render(metrics))
    assert "(outside the training labels)" in page.text
    assert (page.count("td", "right"), page.count("td", "wrong")) == (2, 4)


def test_undefined_values_are_named_not_drawn(metrics):
    metrics["splits"]["test"]["metrics"]["accuracy"] = {"value": None, "ci95": None}
    page = Page(render(metrics))
    assert "has no defined accuracy on 1,000 test rows" in page.text
    assert page.count("rect", "ours") == 0


def test_a_run_without_validation_mistakes_or_warnings_has_a_page(metrics):
    del metrics["splits"]["validation"], metrics["splits"]["test"]["confusion"]
    metrics["training"].update(curve=[], best_step=None)
    metrics["data"]["warnings"] = []
    metrics["baselines"] = {}
    page = Page(render(metrics, samples=[]))
    assert "Confusion" not in page.text
    assert "Most confident mistakes" not in page.text


def test_a_long_or_broken_text_does_no_harm(metrics):
    texts = ["긴 " * 1_000_000, "half a pair: \ud83d"]
    html = render(metrics, samples=[{**MISTAKES[0], "text": text} for text in texts])
    assert len(html.encode("utf-8")) < 60_000
    assert "half a pair: ⟨U+D83D⟩" in html
