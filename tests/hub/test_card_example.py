"""An example is a real row with what the card's own lines printed for it, or says nothing of an output."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from peft import LoraConfig, get_peft_model
from run_results import card_of, recipe_of, result_of
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification, pipeline

from toolkit.adapters.scratch import open_from_scratch
from toolkit.data.vocabulary import train_tokenizer
from toolkit.hub.card.example import execute_snippet, make_example
from toolkit.hub.card.usage import snippet
from toolkit.names import Task
from toolkit.run_result import Example
from toolkit.tasks import room_of
from toolkit.training.save import save_model

ROWS = {"text": [" ", "a\x00b", "long " * 60, 'she said "no" \\ <mask>', "later"], "reference": list("abcde")}
RECIPE = {"method": "full", "data": {"source": "a.csv", "columns": {"text": "text"}}}


def shown(example: Example | None) -> dict[str, Any] | None:
    return None if example is None else example.to_json()


@pytest.fixture
def classifier(tiny_bert: Path, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    labels = {0: "negative", 1: "positive"}
    BertForSequenceClassification(BertConfig.from_pretrained(tiny_bert, id2label=labels)).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(tmp_path)
    return tmp_path


def test_the_first_short_row_is_asked_and_the_card_shows_what_was_printed(metrics: dict[str, Any], classifier: Path):
    config = json.loads((classifier / "config.json").read_text(encoding="utf-8"))
    example = make_example(result_of(metrics), recipe_of(RECIPE), ROWS, folder=classifier, model_config=config)
    assert example is not None
    assert (example.inputs, example.reference) == ({"text": ROWS["text"][3]}, "d")
    expected = pipeline("text-classification", model=str(classifier))(ROWS["text"][3])
    assert ast.literal_eval(example.output) == expected
    card = card_of(metrics | {"example": shown(example)}, recipe_yaml=yaml.safe_dump(RECIPE), model_config=config)
    assert f"```text\n{example.output}\n```" in card
    assert "the right answer there is `d`" in card
    assert str(classifier) not in card
    named = card_of(metrics | {"example": shown(example)}, recipe_yaml=yaml.safe_dump(RECIPE), repo_id="me/mine")
    assert example.output in named
    assert 'model="me/mine"' in named


def test_other_lines_than_those_that_were_run_have_no_output(metrics: dict[str, Any], classifier: Path):
    example = make_example(result_of(metrics), recipe_of(RECIPE), ROWS, folder=classifier, model_config={})
    assert example is not None
    metrics["example"] = shown(example) | {"code": "print(1)"}
    assert example.output not in card_of(metrics, recipe_yaml=yaml.safe_dump(RECIPE))
    metrics |= {"example": shown(example), "method": "lora", "model": "org/base", "revision": "0" * 40}
    assert example.output not in card_of(metrics, recipe_yaml=yaml.safe_dump(RECIPE), adapter=True)


def test_lines_that_fail_give_a_warning_and_no_output(metrics: dict[str, Any], tmp_path: Path, caplog):
    example = make_example(result_of(metrics), recipe_of(RECIPE), ROWS, folder=tmp_path, model_config=None)
    assert example is not None
    assert example.output is None
    assert "could not be run" in caplog.text
    card = card_of(metrics | {"example": shown(example)}, recipe_yaml=yaml.safe_dump(RECIPE))
    assert "this printed" not in card


def test_no_row_fit_to_be_shown_is_no_example(metrics: dict[str, Any], tmp_path: Path):
    rows = {name: values[:3] for name, values in ROWS.items()}
    assert make_example(result_of(metrics), recipe_of(RECIPE), rows, folder=tmp_path, model_config=None) is None
    assert "…" in card_of(metrics | {"example": None}, recipe_yaml=yaml.safe_dump(RECIPE))


def test_a_model_that_was_only_asked_has_the_answer_of_the_run(metrics: dict[str, Any], tmp_path: Path):
    metrics["method"] = "zero-shot"
    recipe = {"method": "zero-shot", "zero_shot": {"scorer": "similarity"}}
    columns = {"text": ["it's"], "reference": ["positive"], "prediction": ["negative"], "probability": [0.625]}
    example = make_example(result_of(metrics), recipe_of(recipe), columns, folder=tmp_path, model_config=None)
    card = card_of(metrics | {"example": shown(example)}, recipe_yaml=yaml.safe_dump(recipe))
    told = "its answer to this text was `negative` (probability 0.625); the label of the test split is `positive`"
    assert told in card
    command = """toolkit zero-shot packaged:minilm 'it'"'"'s' --labels negative,positive --scorer similarity"""
    assert command in card
    assert "adapter" not in card
    assert "another training" not in card


@pytest.mark.parametrize("asked", [{"label_words": {"negative": "bad"}}, {"shots": 4}], ids=["words", "shots"])
def test_a_recipe_that_no_command_line_can_say_is_asked_by_its_run(metrics: dict[str, Any], asked: dict[str, Any]):
    metrics["method"] = "zero-shot"
    card = card_of(metrics, recipe_yaml=yaml.safe_dump({"method": "zero-shot", "zero_shot": asked}))
    assert "toolkit predict RUN" in card
    assert ("4 rows of the training split stood in the prompt" in card) == ("shots" in asked)


def test_our_own_transformer_is_run_without_looking_for_other_code(translation: dict[str, Any], tmp_path: Path):
    torch.manual_seed(3)
    tokenizer = train_tokenizer(["A man reads.", "Two dogs play."] * 9, kind="bpe", vocab_size=300, max_length=32)
    shape = {"hidden_size": 32, "decoder_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    opened = open_from_scratch(
        {"architecture": "decoder", **shape},
        tokenizer,
        head=room_of(Task.TEXT_GENERATION).head,
        labels=(),
        max_length=32,
    )
    folder = save_model(opened.model, opened, tmp_path)
    translation |= {"task": "text-generation", "family": "decoder", "baselines": {}}
    recipe = {"method": "scratch", "evaluation": {"generation": {"do_sample": True, "max_new_tokens": 5}}}
    rows = {"text": ["A man reads a book about dogs that play in snow"]}
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    example = make_example(result_of(translation), recipe_of(recipe), rows, folder=folder, model_config=config)
    assert example is not None
    assert "trust_remote_code=True" in example.code
    assert "torch.manual_seed(0)" in example.code
    assert example.inputs == {"text": "A man reads a book about dogs that"}
    assert example.output.startswith("A man reads a book about dogs that")


def test_words_around_a_mask(metrics: dict[str, Any], tmp_path: Path):
    metrics |= {"task": "fill-mask", "labels": []}
    example = make_example(
        result_of(metrics),
        recipe_of({"method": "scratch"}),
        {"text": ["눈 속에서 강아지 두 마리가 논다"]},
        folder=tmp_path,
        model_config=None,
    )
    assert example is not None
    assert example.inputs == {"text": "눈 속에서 <mask> 두 마리가 논다"}


def test_printed_lines_are_caught(capsys):
    assert execute_snippet("print('가')\nprint(2)") == "가\n2"
    assert capsys.readouterr().out == ""


def test_the_lines_of_an_adapter_say_what_the_merged_model_says(
    metrics: dict[str, Any], tiny_bert: Path, tmp_path: Path
):
    torch.manual_seed(0)
    config = BertConfig.from_pretrained(tiny_bert, id2label={0: "a", 1: "b", 2: "다"}, initializer_range=0.3)
    model = BertForSequenceClassification.from_pretrained(tiny_bert, config=config)
    settings = LoraConfig(task_type="SEQ_CLS", modules_to_save=["classifier", "pooler"], init_lora_weights=False)
    adapted = get_peft_model(model, settings)
    adapted.save_pretrained(tmp_path)
    config.save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    tokenizer.save_pretrained(tmp_path)
    metrics |= {"method": "lora", "model": str(tiny_bert)}
    inputs = {"text": "a film"}
    code = snippet(result_of(metrics), recipe_of({}), own_code=False, model=str(tmp_path), inputs=inputs, adapter=True)
    (said,) = ast.literal_eval(execute_snippet(code) or "")
    merged = pipeline("text-classification", model=adapted.merge_and_unload(), tokenizer=tokenizer)
    (expected,) = merged("a film")
    assert said["label"] == expected["label"]
    assert said["score"] == pytest.approx(expected["score"], abs=1e-6)
