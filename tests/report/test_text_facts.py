from __future__ import annotations

from typing import Any

import pytest
from run_results import result_of

from toolkit.report.facts import sources, title
from toolkit.report.measures import best_values, results
from toolkit.report.sentences import comparison, headline, not_compared, notes, signatures, subject, weights


def entry(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "ci95": [low, high]}


def test_a_translation_is_compared_with_the_best_baseline(translation):
    assert headline(result_of(translation)) == "reaches BLEU 0.0 (95 % interval 0.0 to 0.1) on 40 test rows"
    assert comparison(result_of(translation)) == (
        "That is 5.4 below the best baseline: Target of the nearest source, 5.4 (95 % interval 2.5 to 8.2). "
        "On the same rows the difference has the 95 % interval -8.2 to -2.5, so the baseline is better."
    )
    assert not_compared(result_of(translation)) == ""


def test_where_less_is_better_below_is_good(language_model):
    assert (
        headline(result_of(language_model))
        == "reaches 2.345 bits per character (95 % interval 2.300 to 2.390) on 40 test rows"
    )
    assert comparison(result_of(language_model)) == (
        "That is 0.120 below the best baseline, where less is better: 5-gram of characters, 2.465 "
        "(95 % interval 2.410 to 2.520). On the same rows the difference has the 95 % interval -0.150 to -0.090, so "
        "the model is better."
    )


def test_the_best_of_several_baselines_is_the_lowest_where_less_is_better(language_model):
    other = {"bits_per_character": entry(2.2, 2.1, 2.3)}
    language_model["baselines"]["other"] = {"rows": 40, "metrics": other}
    assert comparison(result_of(language_model)).startswith(
        "That is 0.145 above the best baseline, where less is better: other"
    )
    assert best_values(results(result_of(language_model))) == {"bits_per_character": 2.2}


def test_a_baseline_without_the_first_metric_is_compared_in_the_next(language_model):
    measured = language_model["splits"]["test"]["metrics"]
    language_model["splits"]["test"]["metrics"] = dict(reversed(measured.items()))
    assert headline(result_of(language_model)).startswith(
        "reaches perplexity 1,234.57 (95 % interval 1,200.00 to 1,300.25)"
    )
    assert comparison(result_of(language_model)).startswith(
        "In bits per character, 2.345 (95 % interval 2.300 to 2.390), it is 0.120 below the best baseline, "
        "where less is better"
    )


def test_a_difference_too_small_to_be_written_is_not_written_as_nothing(translation):
    translation["splits"]["test"]["metrics"]["bleu"]["value"] = 5.4458
    assert comparison(result_of(translation)).startswith("That is less than 0.1 above the best baseline")


@pytest.mark.parametrize(
    ("task", "family", "metrics", "baselines", "told"),
    [
        (
            "text-generation",
            "decoder",
            ["bits_per_character", "perplexity"],
            {"character-5-gram": ["bits_per_character"]},
            "Perplexity cannot be compared with a baseline: the free baseline counts characters and has no tokens.",
        ),
        (
            "text-generation",
            "decoder",
            ["perplexity"],
            {},
            "Perplexity cannot be compared with a baseline: the free baseline counts characters and has no tokens; "
            "bits_per_character among evaluation.metrics would be compared.",
        ),
        (
            "translation",
            "encoder-decoder",
            ["chrf", "perplexity"],
            {"copy-source": ["chrf"]},
            "Perplexity cannot be compared with a baseline: the free baselines write texts and give no probabilities.",
        ),
        (
            "fill-mask",
            "encoder",
            ["perplexity", "masked_accuracy"],
            {},
            "Perplexity and accuracy on masked words cannot be compared with a baseline: "
            "nothing that costs nothing fills in masked words.",
        ),
    ],
)
def test_what_cannot_be_compared_is_told_with_its_reason(translation, task, family, metrics, baselines, told):
    translation |= {"task": task, "family": family}
    translation["splits"]["test"]["metrics"] = {name: entry(1.0, 0.9, 1.1) for name in metrics}
    translation["baselines"] = {
        name: {"rows": 40, "metrics": {metric: entry(1.2, 1.1, 1.3) for metric in has}}
        for name, has in baselines.items()
    }
    assert not_compared(result_of(translation)) == notes(result_of(translation))[0] == told
    assert ("perplexity" in metrics) == any("share" in note for note in notes(result_of(translation)))


def test_a_classifier_has_nothing_of_this(metrics):
    metrics["baselines"] = {}
    assert (notes(result_of(metrics)), signatures(result_of(metrics))) == ([], [])
    assert subject(result_of(metrics)) == "The fine-tuned model"


@pytest.mark.parametrize(
    ("best_step", "averaged", "told"),
    [
        (None, [8, 1600], "The weights are the mean of the evaluations at steps 8 and 1,600."),
        (None, [4, 8, 16], "The weights are the mean of the evaluations at steps 4, 8 and 16."),
        (None, [16], "The weights are those of the evaluation at step 16."),
        (8, [], "The validation rows chose the weights of step 8 of 16."),
        (None, [], "The weights are those of the last step, 16."),
    ],
)
def test_which_weights_were_kept(translation, best_step, averaged, told):
    translation["training"] |= {"best_step": best_step, "averaged_steps": averaged}
    assert weights(result_of(translation)) == told


def test_runs_that_know_of_no_mean_have_none(translation):
    del translation["training"]["averaged_steps"]
    assert weights(result_of(translation)) == "The weights are those of the last step, 16."


def test_signatures_stand_beside_the_names_in_words(translation):
    assert [name for name, _ in signatures(result_of(translation))] == [
        "BLEU, signature of sacreBLEU",
        "chrF, signature of sacreBLEU",
    ]
    assert all(signature.startswith("nrefs:1|") for _, signature in signatures(result_of(translation)))


def test_title_and_sources(translation, metrics):
    assert (title(result_of(translation)), title(result_of(metrics))) == ("Own Transformer", "packaged:minilm")
    translation["data"]["source"] = "packaged:chatterbot korean/ai.yml, packaged:chatterbot korean/food.yml and 9 more"
    assert sources(result_of(translation)) == ["packaged:chatterbot korean"]
    assert sources(result_of(metrics)) == ["packaged:rotten-tomatoes"]


def test_a_metric_without_a_better_end_is_compared_with_nothing(translation):
    translation["splits"]["test"]["metrics"] = {"length_ratio": entry(0.9, 0.8, 1.0), "rouge1": entry(0.4, 0.3, 0.5)}
    translation["baselines"] = {
        "copy-source": {"rows": 40, "metrics": {"length_ratio": entry(3.0, 2.9, 3.1), "rouge1": entry(0.2, 0.1, 0.3)}}
    }
    found = result_of(translation)
    assert comparison(found).startswith("In ROUGE-1, 0.400 (95 % interval 0.300 to 0.500), it is 0.200 above")
    assert best_values(results(found)) == {"rouge1": 0.4}
    assert notes(found) == ["The length ratio is 1 where the texts are together as long as their references."]
    del translation["splits"]["test"]["metrics"]["rouge1"]
    assert comparison(result_of(translation)) == ""
