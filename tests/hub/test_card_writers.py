"""The lines of a writer's card, run as they stand, write what `predict` writes: chats, prompts, languages, adapters."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from byte_level import speaking_model
from loopback import LoopbackHub
from push_cases import remote
from transformers import AutoConfig, AutoModelForSeq2SeqLM, NllbTokenizer
from writing_models import PAIRS, recipe_for, write_chats, write_pairs, write_texts_file, writing_model

from toolkit.hub.card.example import execute_snippet
from toolkit.workflow.apply import predict
from toolkit.workflow.export import export
from toolkit.workflow.export_formats import Format
from toolkit.workflow.fine_tune import fine_tune
from toolkit.workflow.publish import publish

SOURCES = {"source": "source", "target": "target"}
CHATS = {"messages": "messages"}


def tiny_nllb(folder: Path) -> Path:
    """An M2M100 with NLLB's tokenizer, whose languages stand before a source and a target."""
    letters = sorted({letter for pair in PAIRS for text in pair for letter in text.replace(" ", "▁")} | {"▁"})
    vocabulary = {token: index for index, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *letters])}
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[], model_max_length=40)
    writing_model("m2m_100", folder)
    config = AutoConfig.from_pretrained(folder, vocab_size=len(tokenizer), pad_token_id=1, bos_token_id=0)
    config.decoder_start_token_id = config.eos_token_id = 2
    AutoModelForSeq2SeqLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


CASES: dict[str, tuple[str, Any, dict[str, str], dict[str, Any]]] = {
    "chat": ("text-generation", "speaking", CHATS, {"data": {"max_length": 96}}),
    "prompt": ("translation", "speaking", SOURCES, {"data": {"prompt": 'Say "{source}":', "max_length": 120}}),
    "texts": ("text-generation", "gpt2", {"text": "text"}, {}),
    "t5": ("summarization", "t5", SOURCES, {"data": {"prompt": "film : {source}"}, "method": "lora"}),
    "bart": ("translation", "bart", SOURCES, {}),
    "nllb": (
        "translation",
        "nllb",
        SOURCES,
        {"data": {"source_language": "eng_Latn", "target_language": "kor_Hang"}, "training": {"learning_rate": 0.01}},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_example_of_the_card_is_what_the_run_wrote(case: str, tmp_path: Path):
    task, name, columns, sections = CASES[case]
    makers = {"speaking": lambda folder: speaking_model("llama", folder) and folder, "nllb": tiny_nllb}
    model = makers.get(name, lambda folder: writing_model(name, folder))(tmp_path / "base")
    rows = {"messages": write_chats, "source": write_pairs, "text": write_texts_file}[next(iter(columns))](tmp_path)
    metrics = {} if case == "texts" else {"evaluation": WRITTEN}
    recipe = recipe_for(task, model, rows, columns, **metrics, **sections)
    run = fine_tune(recipe, name="tiny", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    example = run.result.example
    assert example is not None
    assert example.output is not None
    (row,) = predict(str(run.folder), [example.inputs["text"]]).rows()
    said = f"{example.inputs['text']}{row['prediction']}" if case == "texts" else row["prediction"]
    assert "".join(example.output.split()) == "".join(str(said).split())  # WordLevel puts blanks between its tokens
    code = re.search(r"```python\n(.*?)```", (run.folder / "README.md").read_text(encoding="utf-8"), re.S)
    assert code is not None
    assert execute_snippet(code[1].replace("RUN/model", str(run.folder / "model"))) == example.output


WRITTEN = {"metrics": ["chrf"]}


def test_a_pushed_chat_adapter_is_used_as_its_card_says(
    loopback_hub: LoopbackHub, quick_processes: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Trained by LoRA on a base of the hub that ends texts otherwise, and later; sent as an adapter."""
    hub = loopback_hub
    speaking_model("llama", tmp_path / "base", eos_token_id=0)
    hub.add_repo("acme/chat")
    commit = hub.commit("acme/chat", {path.name: path.read_bytes() for path in (tmp_path / "base").iterdir()}).oid
    monkeypatch.setenv("HF_TOKEN", hub.token)
    settings: dict[str, Any] = {"method": "lora", "training": {"max_steps": 1}, "data": {"max_length": 96}}
    recipe = recipe_for(
        "text-generation", Path(f"acme/chat@{commit}"), write_chats(tmp_path), CHATS, evaluation=WRITTEN, **settings
    )
    run = fine_tune(recipe, name="chat", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    example = run.result.example
    assert example is not None
    (row,) = predict(str(run.folder), [example.inputs["text"]]).rows()
    published = publish(str(run.folder), "alice/adapter")
    assert published.passed, published.verified
    files = remote(hub, repo="alice/adapter")
    assert "adapter_model.safetensors" in files
    assert json.loads(files["generation_config.json"])["eos_token_id"] == [0, 2]
    code = re.search(r"```python\n(.*?)```", files["README.md"].decode(), re.S)
    assert code is not None
    assert "alice/adapter" in code[1]
    assert execute_snippet(code[1]) == example.output == str(row["prediction"])
    export(str(run.folder), form=Format.MERGED, output_dir=tmp_path / "merged")
    kept = [
        json.loads((folder / "generation_config.json").read_text())
        for folder in (tmp_path / "merged", run.folder / "model")
    ]
    assert kept[0] == kept[1]
