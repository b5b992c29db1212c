"""Tiny models that write, tiny rows for them, and recipes that learn from these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tiny_models import ARCHITECTURES as SHARED
from tiny_models import EOS, GROUPED, IDS, PAD, SMALL, STACKS, T5_SIZES, tokenizer_for
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    Gemma2Config,
    GemmaConfig,
    M2M100Config,
    MBartConfig,
    MistralConfig,
    MT5Config,
    OPTConfig,
    PegasusConfig,
    PreTrainedConfig,
)

from toolkit.names import Family
from toolkit.recipe import Recipe, build_recipe

IDS_OF_STACKS: dict[str, Any] = {**STACKS, **IDS}
MORE: dict[str, PreTrainedConfig] = {
    "mistral": MistralConfig(**SMALL, **GROUPED, **IDS, sliding_window=8),
    "gemma": GemmaConfig(**SMALL, **GROUPED, **IDS),
    "gemma2": Gemma2Config(**SMALL, **GROUPED, **IDS),
    "opt": OPTConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        ffn_dim=24,
        word_embed_proj_dim=16,
        max_position_embeddings=40,
        **IDS,
    ),
    "mt5": MT5Config(**T5_SIZES, pad_token_id=PAD, eos_token_id=EOS, feed_forward_proj="gated-gelu"),
    "mbart": MBartConfig(**IDS_OF_STACKS),
    "m2m_100": M2M100Config(**IDS_OF_STACKS),
    "pegasus": PegasusConfig(**IDS_OF_STACKS),
}
DECODERS = ("gpt2", "llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "opt")
ENCODER_DECODERS = ("t5", "mt5", "bart", "mbart", "marian", "m2m_100", "pegasus", "two-berts")

PAIRS = [
    ("the film is good", "그 영화 는 좋다"),
    ("the film is bad", "그 영화 는 나쁘다 ."),
    ("a very good film !", "좋다 !"),
    ("was the film dull , bad", "나쁘다"),
    ("not bad", "좋다 , 그 영화 는 좋다"),
] * 4


def writing_model(name: str, folder: Path, *, seed: int = 0) -> Path:
    """A random model with its language head and tokenizer, as a pretrained one lies on the hub."""
    config = MORE[name] if name in MORE else SHARED[name][1]
    torch.manual_seed(seed)
    factory = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    factory.from_config(config).save_pretrained(folder)
    alike = name if name in SHARED else "t5" if config.is_encoder_decoder else "llama"
    tokenizer_for(alike).save_pretrained(folder)
    return folder


def family_of_model(name: str) -> Family:
    """How a model is built."""
    return Family.ENCODER_DECODER if name in ENCODER_DECODERS else Family.DECODER


def write_pairs(folder: Path) -> Path:
    """Write sources with their targets."""
    path = folder / "pairs.jsonl"
    rows = [{"source": source, "target": target} for source, target in PAIRS]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def write_chats(folder: Path) -> Path:
    """Write chats of one and two turns, some with a message of the system."""
    path = folder / "chats.jsonl"
    chats = []
    for place, (source, target) in enumerate(PAIRS):
        turns = [{"role": "user", "content": source}, {"role": "assistant", "content": target}]
        before = [{"role": "system", "content": "good"}] if place % 3 == 0 else []
        more = [{"role": "user", "content": "not good"}, {"role": "assistant", "content": "나쁘다"}]
        chats.append({"messages": [*before, *turns, *(more if place % 2 else [])]})
    path.write_text("\n".join(json.dumps(chat, ensure_ascii=False) for chat in chats), encoding="utf-8")
    return path


def write_texts_file(folder: Path) -> Path:
    """Write texts to go on with."""
    path = folder / "texts.txt"
    path.write_text("\n".join(f"{source} {target}" for source, target in PAIRS), encoding="utf-8")
    return path


def recipe_for(task: str, model: Path, rows: Path, columns: Mapping[str, str], **sections: Any) -> Recipe:
    """Return a recipe of two steps."""
    return build_recipe(
        {
            "task": task,
            "model": {"name": str(model)},
            "data": {
                "source": str(rows),
                "columns": dict(columns),
                "test_size": 4,
                "validation_size": 2,
                "max_length": 40,
                **sections.pop("data", {}),
            },
            "method": sections.pop("method", "full"),
            "training": {
                "max_steps": 2,
                "per_device_train_batch_size": 4,
                "bf16": False,
                **sections.pop("training", {}),
            },
            "evaluation": {"generation": {"max_new_tokens": 5, "num_beams": 1, **sections.pop("generation", {})}},
            **sections,
        }
    )
