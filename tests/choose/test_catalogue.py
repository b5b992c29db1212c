"""What the catalogue says is true as far as the library can tell, and suggestions follow the rules."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForSeq2SeqLM,
    BartConfig,
    BertConfig,
    DistilBertConfig,
    GPT2Config,
    LlamaConfig,
    MarianConfig,
    ModernBertConfig,
    PreTrainedConfig,
    RobertaConfig,
    T5Config,
)

from toolkit.choose.advice.catalogue import BYTES_TO_READ, catalogue, suggest
from toolkit.choose.advice.rules import task_rules
from toolkit.hub.card.known import language_fault, licence_fault, task_fault
from toolkit.names import Family, Task

ROBERTA: dict[str, Any] = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}
SMOLLM2 = LlamaConfig(
    vocab_size=49152,
    hidden_size=576,
    intermediate_size=1536,
    num_hidden_layers=30,
    num_attention_heads=9,
    num_key_value_heads=3,
    tie_word_embeddings=True,
)
BART = BartConfig(
    d_model=768,
    encoder_layers=6,
    decoder_layers=6,
    encoder_attention_heads=12,
    decoder_attention_heads=12,
    encoder_ffn_dim=3072,
    decoder_ffn_dim=3072,
)
MARIAN = MarianConfig(
    vocab_size=65001,
    d_model=512,
    encoder_layers=6,
    decoder_layers=6,
    encoder_ffn_dim=2048,
    decoder_ffn_dim=2048,
    max_position_embeddings=512,
)
PUBLISHED: dict[str, PreTrainedConfig] = {
    "google-bert/bert-base-uncased": BertConfig(),
    "klue/bert-base": BertConfig(vocab_size=32000),
    "google-bert/bert-base-multilingual-cased": BertConfig(vocab_size=119547),
    "distilbert/distilbert-base-uncased": DistilBertConfig(),
    "FacebookAI/roberta-base": RobertaConfig(**ROBERTA),
    "FacebookAI/xlm-roberta-base": RobertaConfig(**{**ROBERTA, "vocab_size": 250002}),
    "answerdotai/ModernBERT-base": ModernBertConfig(),
    "openai-community/gpt2": GPT2Config(),
    "HuggingFaceTB/SmolLM2-135M": SMOLLM2,
    "google-t5/t5-small": T5Config(),
    "facebook/bart-base": BART,
    "Helsinki-NLP/opus-mt-ko-en": MARIAN,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_of_the_published_configuration(name: str):
    (known,) = (model for model in catalogue() if model.name == name)
    factory = AutoModelForSeq2SeqLM if known.family is Family.ENCODER_DECODER else AutoModel
    with torch.device("meta"):
        model = factory.from_config(PUBLISHED[name])
    assert known.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_every_entry_is_whole():
    models = catalogue()
    assert len(models) >= 25
    assert len({model.name for model in models}) == len(models)
    assert {model.family for model in models} == set(Family)
    for model in models:
        assert model.name.count("/") == 1
        assert model.licence == "unknown" or licence_fault(model.licence) is None, model
        assert [code for code in model.languages if code != "multi" and language_fault(code)] == []
        assert [task for task in model.tasks if task_fault(task) or task not in task_rules()] == []
        assert all(model.family in task_rules()[task].families for task in model.tasks)
        assert model.disk_bytes in (2 * model.parameters, 4 * model.parameters)
        assert date(2025, 1, 1) < model.checked <= date.today()
        assert model.source


def test_every_family_has_something_for_english_and_for_korean():
    for language in ("en", "ko"):
        assert {model.family for model in suggest(Task.TEXT_CLASSIFICATION, [language])} == set(Family)


def test_suggestions_speak_the_languages_and_fit():
    korean = suggest(Task.TEXT_CLASSIFICATION, ["ko"])
    assert {"klue/bert-base", "FacebookAI/xlm-roberta-base"} <= {model.name for model in korean}
    assert "google-bert/bert-base-uncased" not in {model.name for model in korean}
    small = suggest(Task.TEXT_CLASSIFICATION, ["en"], 10**9)
    assert small
    assert all(model.parameters * BYTES_TO_READ <= 10**9 for model in small)
    assert suggest(Task.TEXT_CLASSIFICATION, ["en"], 1000) == ()


def test_suggestions_begin_with_the_family_to_try_first_and_the_smallest():
    found = suggest(Task.TEXT_CLASSIFICATION)
    keys = [(task_rules()["text-classification"].families.index(model.family), model.parameters) for model in found]
    assert keys == sorted(keys)
    assert {model.family for model in suggest(Task.TRANSLATION, ["ko", "en"])} == {Family.ENCODER_DECODER}
    assert suggest(Task.TEXT_GENERATION)[0].family is Family.DECODER
    assert suggest("image-classification") == ()
