"""The page of a run whose output is text."""

from __future__ import annotations

from collections import Counter

import pytest
from report_page import HOSTILE, Page, poisoned
from run_results import result_of

from toolkit.report.page import render_page

SAMPLES = [
    {
        "id": 7,
        "text": "Ein Hund läuft.",
        "reference": "A dog runs.",
        "prediction": "개가 달린다.",
        "chrf": 3.21,
        "worst": True,
    },
    {"id": 9, "text": "Eine Katze.", "reference": None, "prediction": "A cat.\nAgain.", "chrf": None, "worst": False},
]
LOSSES = [{"step": step, "loss": 7 - step / 10} for step in range(2, 17, 2)]
RECIPE = "task: translation\nmethod: scratch\n"


def render(metrics, **changes):
    return render_page(result_of(metrics), **{"recipe_yaml": RECIPE, "samples": SAMPLES, "losses": LOSSES, **changes})


def seen(html: str) -> str:
    return " ".join(Page(html).text.split())


def test_the_page_says_what_was_measured_and_written(translation):
    html = render(translation)
    words = seen(html)
    for expected in (
        "Own Transformer on train.de + train.en",
        "The model, trained from a random start, reaches BLEU 0.0 (95 % interval 0.0 to 0.1) on 40 test rows.",
        "5.4 below the best baseline: Target of the nearest source",
        "BLEU, signature of sacreBLEU: nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
        "What it wrote",
        "wrote개가 달린다. referenceA dog runs. among the worst · chrF 3.2 · row 7",
        "wroteA cat. Again. row 9",
        "mean of steps8, 16",
        "kept: the mean of 2",
        "13 of 40 predictions ended at the longest length allowed",
    ):
        assert expected in words
    for absent in ("fine-tuned", "Most confident mistakes", "Confusion", "classes", "kept after step"):
        assert absent not in words
    page = Page(html)
    assert page.count("li", "worst") == 1
    assert page.count("line", "chosen") == 2
    assert page.count("svg", "lines") == 1


@pytest.mark.parametrize(("ours", "best"), [(2.345, "2.345"), (2.9, "2.465")])
def test_the_best_of_a_column_is_marked_the_right_way_round(language_model, ours, best):
    language_model["splits"]["test"]["metrics"]["bits_per_character"]["value"] = ours
    html = render(language_model, samples=[])
    (cell,) = [line for line in html.splitlines() if '<td class="number best">' in line]
    assert f"<span>{best}</span>" in cell
    words = seen(html)
    assert "test split, 95 % intervals: bits per character, less is better" in words
    assert "Perplexity cannot be compared with a baseline" in words
    assert "What it wrote" not in words


def test_baselines_without_a_metric_are_left_out_of_its_chart_and_have_a_dash(language_model):
    measured = language_model["splits"]["test"]["metrics"]
    language_model["splits"]["test"]["metrics"] = dict(reversed(measured.items()))
    page = Page(render(language_model))
    assert page.count("rect", "ours") == page.count("rect", "theirs") == 1
    assert "5-gram of characters–2.465" in "".join(page.text.split("\n")).replace("  ", "")


def test_without_any_baseline_there_is_no_bar(language_model):
    language_model |= {"task": "fill-mask", "family": "encoder", "baselines": {}}
    html = render(language_model, samples=[])
    assert Page(html).count("svg", "bars") == 0
    assert "Underlined" not in html


def test_hostile_strings_anywhere_stay_text(translation):
    bad = poisoned(translation)
    bad["labels"] = []
    bad["splits"]["test"]["metrics"] = {HOSTILE: {"value": 0.5, "ci95": [0.4, 0.6], "signature": HOSTILE}}
    bad["baselines"] = {HOSTILE: {"rows": 3, "metrics": {HOSTILE: {"value": 0.5, "ci95": None}}}}
    samples = [{**SAMPLES[0], "id": HOSTILE, "text": HOSTILE, "reference": HOSTILE, "prediction": HOSTILE}]
    page = Page(render(bad, samples=samples, recipe_yaml=HOSTILE))
    assert set(Counter(tag for tag, _ in page.tags)) <= {tag for tag, _ in Page(render(translation)).tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count(HOSTILE) >= 15


def test_long_texts_are_cut_in_every_place(translation):
    long = "긴 " * 100_000
    html = render(translation, samples=[{**SAMPLES[0], "text": long, "reference": long, "prediction": long}] * 10)
    assert len(html.encode("utf-8")) < 100_000
