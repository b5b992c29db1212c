"""The card of a model that was trained from a random start, and whose output is text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt
from run_results import card_of

from toolkit.hub.card.check import check_card

RECIPE = """
task: translation
model:
  config: {architecture: encoder-decoder, hidden_size: 64, encoder_layers: 3, num_key_value_heads: null, bias: true,
           position: sinusoidal, rope_theta: 10000.0, initializer_range: 0.02}
tokenizer: {train: bpe, vocab_size: 8000, lowercase: true}
data: {columns: {}, max_length: 128}
method: scratch
evaluation: {generation: {num_beams: 4, max_new_tokens: 64}}
"""
CONFIG = {"vocab_size": 5321, "auto_map": {"AutoModelForSeq2SeqLM": "language_heads.Any"}}


def render(metrics: dict[str, Any], **changes: Any) -> str:
    return card_of(metrics, **{"recipe_yaml": RECIPE, "model_config": CONFIG, **changes})


@pytest.fixture
def written(translation: dict[str, Any]) -> dict[str, Any]:
    """A run that was measured by what summaries are measured by."""
    values = {"rouge1": 0.4, "rougeL": 0.3, "length_ratio": 0.8, "copied_4grams": 0.6}
    copied = {"rouge1": 0.2, "rougeL": 0.1, "length_ratio": 5.0, "copied_4grams": 1.0}
    translation["splits"]["test"]["metrics"] = {
        name: {"value": value, "ci95": [value - 0.01, value + 0.01]} for name, value in values.items()
    }
    translation["splits"]["test"]["metrics"]["rougeL"]["signature"] = "nrefs:1|case:lc|stem:no"
    translation["baselines"] = {
        name: {
            "rows": 40,
            "metrics": {metric: {"value": value, "ci95": [value, value]} for metric, value in of.items()},
        }
        for name, of in {"first-sentences": {"rouge1": 0.35}, "copy-source": copied}.items()
    }
    return translation


def text(card: str) -> str:
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(ModelCard(card).text)
    inner = re.sub(r"<[^>]*>", "", html)
    return inner.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def test_the_hub_reads_what_was_measured(translation):
    data = ModelCard(render(translation)).data
    assert (data.pipeline_tag, data.base_model, data.datasets) == ("translation", None, None)
    assert data.model_name == "transformer-de-en"
    assert {"scratch", "encoder-decoder", "custom_code"} <= set(data.tags)
    values = {result.metric_type: result.metric_value for result in data.eval_results}
    assert values == pytest.approx({"bleu": 0.0394096, "chrf": 1.5691562}, rel=1e-5)


def test_the_card_tells_a_random_start_from_a_pretrained_model(translation, metrics):
    seen = text(render(translation))
    for words in (
        "A Transformer (encoder-decoder) of our own, trained from a random start for translation on train.de",
        "It is for translating texts like those that it learnt from",
        "texts of more than 128 tokens: it does not read what is beyond;",
        "trust_remote_code=True runs it",
        "The weights are the mean of the evaluations at steps 8 and 16.",
        "In BLEU it is no better than a baseline that costs nothing: 0.0 against 5.4 (Target of the nearest source).",
        "BLEU has sacreBLEU's signature nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0.",
        "What people think of its texts",
    ):
        assert words in seen.replace("&#39;", "'")
    for words in ("Fine-tuned", "one of 0 labels", "pretrained model", "calibrated", "&#39;"):
        assert words not in seen
    ours = text(render(metrics, recipe_yaml="method: full\n", model_config={}))
    for words in ("trust_remote_code", "no better than", "What people think"):
        assert words not in ours
    assert "Whether the pretrained model had seen the test rows before." in ours


def test_settings_of_model_tokenizer_and_generation_are_shown(translation):
    html = MarkdownIt("commonmark").enable("table").render(ModelCard(render(translation)).text)
    rows = dict(re.findall(r"<td>([^<]*)</td>\s*<td>([^<]*)</td>", html))
    expected = {
        "architecture": "encoder-decoder",
        "hidden_size": "64",
        "bias": "yes",
        "tokenizer": "bpe, 5,321 tokens, texts in small letters",
    }
    assert expected.items() <= rows.items()
    assert re.search(r"<td>evaluation.generation</td>\s*<td>max_new_tokens: 64, num_beams: 4</td>", html)
    assert not {"num_key_value_heads", "rope_theta", "initializer_range"} & rows.keys()


def test_a_classifier_made_from_our_own_transformer_needs_its_code(metrics):
    metrics |= {"model": "runs/pretrained/model", "method": "full"}
    card = render(metrics, recipe_yaml="method: full\n")
    assert 'pipeline("text-classification", model="RUN/model", trust_remote_code=True)' in card
    assert "Fine-tuned from the local model `model`" in card


def test_the_best_of_a_column_is_bold(translation):
    baseline = translation["baselines"]["copy-source"]["metrics"]
    translation["splits"]["test"]["metrics"] = {"perplexity": {"value": 9.5, "ci95": [9.0, 10.0]}}
    translation["baselines"] = {
        "copy-source": {"rows": 40, "metrics": {"perplexity": {**baseline["bleu"], "value": 9}}}
    }
    card = render(translation)
    assert "| | perplexity, less is better |" in card
    assert re.search(r"\| Copy of the source \| \*\*9\.00\*\* ", card)
    assert "compare it only with models that share it" in card


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("data/train.de + data/train.en, data/test.de + data/test.en", "transformer-de-en"),
        ("/home/someone/src.txt + /home/someone/tgt.txt", "transformer-src-tgt"),
        (
            "packaged:chatterbot korean/ai.yml, packaged:chatterbot korean/food.yml and 9 more",
            "transformer-chatterbot-korean",
        ),
        ("own.csv", "transformer-own"),
    ],
)
def test_names_are_short_and_folders_left_out(translation, source, name):
    translation["data"]["source"] = source
    card = render(translation)
    assert ModelCard(card).data.model_name == name
    assert "someone" not in card
    assert ("Python package chatterbot-corpus" in text(card)) == ("chatterbot" in source)
    if " + " in source:
        assert source.split(" + ")[0].rpartition("/")[2] in text(card)


def test_metrics_of_summaries_are_told_with_their_settings(written):
    card = render(written)
    assert check_card(card) == ()
    data = ModelCard(card).data
    assert data.metrics == ["rouge", "length_ratio", "copied_4grams"]
    found = [(result.metric_type, result.metric_name, result.metric_value) for result in data.eval_results]
    assert found == [
        ("rouge", "ROUGE-1", 0.4),
        ("rouge", "ROUGE-L", 0.3),
        ("length_ratio", "length ratio", 0.8),
        ("copied_4grams", "copied 4-grams", 0.6),
    ]
    seen = text(card)
    for words in (
        "It reaches ROUGE-1 0.400 (95 % interval 0.390 to 0.410)",
        "That is 0.050 above the best baseline: First sentences of the source, 0.350",
        "Copied 4-grams are the share of four words (Korean: syllables) in a row that the source has, too.",
        "ROUGE-L is measured with the settings nrefs:1|case:lc|stem:no.",
    ):
        assert words in seen
    assert "sacreBLEU" not in seen
    assert "| | ROUGE-1 | ROUGE-L | length ratio, neither is better | copied 4-grams, neither is better |" in card
    assert re.search(r"\| Copy of the source .*\| 5\.000 .*\| 1\.000", card)  # neither is the best of its column
    assert "In length ratio it is no better" not in seen
    assert "length ratio(높고 낮음에 우열 없음)" in render(written, language="ko")
