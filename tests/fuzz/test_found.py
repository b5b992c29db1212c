"""What the fuzz has found, each as its smallest input: told in one line, with the code that it should have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz_models import small_models
from peft import LoraConfig, get_peft_model
from transformers import BertForSequenceClassification

from toolkit.cli.main import run as command


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    encoder = small_models(folder)[0]
    model = BertForSequenceClassification.from_pretrained(encoder)
    settings = LoraConfig(task_type="SEQ_CLS", base_model_name_or_path=str(encoder))
    get_peft_model(model, settings).save_pretrained(folder / "adapter")
    return folder


def _replaced(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(tree: Any) -> None:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value

    return change


ZERO_SHOT = ["zero-shot", "{}", "\U0001f3a5 좋다", "--labels", "good,bad"]
PREDICT = ["predict", "{}", "a good film"]
FOUND = {
    "class-by-number": (PREDICT, "encoder/config.json", _replaced("architectures", value=[5]), "architectures is [5]"),
    "class-by-list": (ZERO_SHOT, "both/config.json", _replaced("architectures", value=[["x"]]), "architectures"),
    "token-by-object": (ZERO_SHOT, "both/config.json", _replaced("decoder_start_token_id", value={}), "is {}"),
    "token-too-large": (ZERO_SHOT, "both/config.json", _replaced("pad_token_id", value=10**30), "pad_token_id is 1000"),
    "token-list": (ZERO_SHOT, "decoder/config.json", _replaced("eos_token_id", value=["x"]), 'eos_token_id is ["x"]'),
    "no-unknown": (ZERO_SHOT, "both/tokenizer.json", _replaced("model", "unk_id", value=None), "unk_id"),
    "not-finite": (PREDICT, "adapter/adapter_config.json", _replaced("lora_alpha", value=1e308), "not finite"),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_model_that_was_found(name, models, capsys):
    arguments, file, change, words = FOUND[name]
    path = models / file
    kept = path.read_text(encoding="utf-8")
    tree = json.loads(kept)
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")
    try:
        code = command([str(path.parent) if argument == "{}" else argument for argument in arguments])
    finally:
        path.write_text(kept, encoding="utf-8")
    said = capsys.readouterr().err
    assert code == 7, said
    assert words in said


def test_the_models_answer_without_a_fault(models):
    for folder in ("encoder", "adapter"):
        assert command(["predict", str(models / folder), "a good film"]) == 0
    for folder in ("both", "decoder"):
        assert command(["zero-shot", str(models / folder), "a good film", "--labels", "good,bad"]) == 0
