"""`toolkit export` of models that write: merged and GGUF, asked as others would, or refused in one line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from byte_level import speaking_model
from limits import under_limits
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, pipeline
from verified_models import golden_of
from writing_models import recipe_for, write_chats, write_pairs, writing_model

from toolkit.cli.main import run
from toolkit.workflow.apply import predict
from toolkit.workflow.fine_tune import fine_tune
from toolkit.workflow.verify import verify


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def chatting(home: Path) -> Path:
    """A run that learnt chats with LoRA."""
    speaking_model("llama", home / "base")
    settings: dict[str, Any] = {"method": "lora", "training": {"learning_rate": 0.01}, "data": {"max_length": 96}}
    recipe = recipe_for(
        "text-generation", home / "base", write_chats(home), {"messages": "messages"}, generation=WRITTEN, **settings
    )
    return fine_tune(recipe, name="chat", output_dir=home / "chat", ledger=home / "trials.jsonl").folder


@pytest.fixture(scope="module")
def translating(home: Path) -> Path:
    """A run of an encoder-decoder that learnt pairs with LoRA."""
    writing_model("t5", home / "t5")
    recipe = recipe_for(
        "translation", home / "t5", write_pairs(home), {"source": "source", "target": "target"}, method="lora"
    )
    return fine_tune(recipe, name="t5", output_dir=home / "translating", ledger=home / "trials.jsonl").folder


WRITTEN = {"max_new_tokens": 8}
CHAT = [{"role": "user", "content": "the film is good"}]


def export(target: Path, form: str, out: Path) -> int:
    return run(["export", str(target), "--format", form, "--output-dir", str(out), "--json"])


def test_a_merged_chat_model_is_a_plain_one(chatting: Path, tmp_path: Path, quick_processes: None):
    out = tmp_path / "plain"
    assert export(chatting, "merged", out) == 0
    model, tokenizer = AutoModelForCausalLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    usual = AutoModelForCausalLM.from_pretrained(chatting / "model")
    inputs = tokenizer.apply_chat_template(CHAT, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    with torch.no_grad():
        torch.testing.assert_close(model(**inputs).logits, usual(**inputs).logits, rtol=0, atol=1e-5)
    assert model.generation_config.eos_token_id == [0, 2]  # what the model's own file says, and ChatML's end
    assert (model.generation_config.pad_token_id, tokenizer.pad_token_id) == (0, 0)
    (said,) = pipeline("text-generation", model=str(out))(CHAT, return_full_text=False)
    (row,) = predict(str(chatting), [CHAT[0]["content"]]).rows()
    assert said["generated_text"] == row["prediction"]  # the end of a turn stops it, as it stops a serving engine
    assert verify(str(out)).passed
    assert golden_of(out) == golden_of(chatting)


def test_a_merged_translator_is_a_plain_one(translating: Path, tmp_path: Path):
    out = tmp_path / "plain"
    assert export(translating, "merged", out) == 0
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(out), AutoTokenizer.from_pretrained(out)
    outputs = model.generate(**tokenizer("the film is good", return_tensors="pt"))
    (row,) = predict(str(translating), ["the film is good"]).rows()
    assert tokenizer.decode(outputs[0], skip_special_tokens=True) == row["prediction"]
    assert {path.name for path in out.iterdir()} >= {"generation_config.json", "golden.json", "parity.json"}


@pytest.mark.parametrize(("form", "tolerated"), [("gguf-f32", 1e-4), ("gguf-f16", 0.05), ("gguf-q8_0", 0.5)])
def test_gguf_is_read_as_the_same_model(
    form: str, tolerated: float, chatting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "gguf"
    assert export(chatting, form, out) == 0
    parity = json.loads(capsys.readouterr().out)["parity"]
    assert (parity["tolerance"], parity["rows"]) == (tolerated, len(golden_of(chatting)["rows"]))
    assert (0 < parity["largest_gap"] < tolerated) if form != "gguf-f32" else (parity["largest_gap"] < 1e-6)
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "model.gguf", "parity.json"]
    tokenizer = AutoTokenizer.from_pretrained(out, gguf_file="model.gguf")
    inputs = tokenizer.apply_chat_template(CHAT, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    usual = AutoModelForCausalLM.from_pretrained(chatting / "model")
    model = AutoModelForCausalLM.from_pretrained(out, gguf_file="model.gguf", dtype=torch.float32)
    with torch.no_grad():
        wanted = usual(**inputs).logits
        gap = float((model(**inputs).logits - wanted).abs().max() / wanted.abs().max())
    assert gap < {"gguf-f32": 1e-6, "gguf-f16": 1e-2, "gguf-q8_0": 1e-1}[form]
    assert '"max_new_tokens": 8' in (out / "README.md").read_text(encoding="utf-8")


def test_models_without_a_form_in_gguf_are_refused(
    translating: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert export(translating, "gguf-f16", tmp_path / "out") == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert "of the types llama, mistral, qwen2, qwen3; this is a T5ForConditionalGeneration" in told
    assert export(translating, "gguf", tmp_path / "out") == 2
    assert "did you mean 'gguf-f" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_gguf_with_other_answers_is_not_kept(chatting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A golden row that is off by more than rounding."""
    golden = chatting / "golden.json"
    kept = golden.read_bytes()
    changed = json.loads(kept)
    changed["rows"][0]["log_likelihood"] -= 0.7 * changed["rows"][0]["tokens"]
    golden.write_text(json.dumps(changed), encoding="utf-8")
    try:
        assert export(chatting, "gguf-q8_0", tmp_path / "out") == 7
    finally:
        golden.write_bytes(kept)
    assert "so it is not kept" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_full_disk_leaves_no_part_of_a_file(chatting: Path, tmp_path: Path, python_at_once: Path):
    """In the middle of the header, and among the weights."""
    command = ["export", str(chatting), "--format", "gguf-f32", "--output-dir", "out"]
    for limited in under_limits(python_at_once, tmp_path, [command], {"file": 4_000}, {"file": 100_000}):
        assert limited["runs"][0]["code"] == 4
        assert "model.gguf" not in " ".join(limited["left"])
