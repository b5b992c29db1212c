"""What comes before the first training: the model's folder, and the tokens of the chats."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig
from writing.contestants import recipe_of
from writing.held_out import held_out_loss
from writing.job import Job

from toolkit.adapters import locate_model
from toolkit.tasks import room_of


def model_folder(name: str, work: Path, *, tiny: bool) -> Path:
    """Return the folder of a model; a tiny one is made at random, with the tokenizer of the model."""
    folder = locate_model(name).folder
    if not tiny:
        return folder
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(work / "tiny")
    tokenizer.save_pretrained(work / "tiny")
    return work / "tiny"


def write_rows(job: Job) -> None:
    """Encode the chats by the model's chat template, and write ids and labels."""
    recipe = recipe_of(job)
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    opened = room.open_for_training(recipe, data, tokenizer_folder=Path(job.encoded).parent)
    from toolkit.adapters.layouts import layout_for

    layout = layout_for(opened, data.train.column_names)
    encoded = {}
    for split, rows in (("train", data.train), ("test", data.test)):
        found = layout.encode(rows, opened.tokenizer, max_length=job.max_length)
        encoded[split] = [{name: list(row[name]) for name in ("input_ids", "labels")} for row in found]
    Path(job.encoded).write_text(json.dumps(encoded), encoding="utf-8")


def untrained_loss(job: Job) -> float:
    """Return the held-out loss of the model as it is."""
    return held_out_loss(AutoModelForCausalLM.from_pretrained(job.model, dtype=torch.float32), job.rows("test"))
