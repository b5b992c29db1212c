"""Tiny models that write, tiny rows for them, and recipes that learn from these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from real_tokenizers import TOKENIZERS
from tiny_models import ARCHITECTURES as SHARED
from tiny_models import GROUPED, IDS, SMALL, STACKS, T5_SIZES, tokenizer_for
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    BartConfig,
    Gemma2Config,
    GemmaConfig,
    M2M100Config,
    MarianConfig,
    MBartConfig,
    MistralConfig,
    MT5Config,
    OPTConfig,
    PegasusConfig,
    PLBartConfig,
    PreTrainedConfig,
    PreTrainedTokenizerBase,
    T5Config,
)

from toolkit.names import Family
from toolkit.recipe import Recipe, build_recipe

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
}
STARTS: dict[str, tuple[type[PreTrainedConfig], str | None]] = {
    "t5": (T5Config, "pad"),
    "mt5": (MT5Config, "pad"),
    "madlad": (T5Config, "pad"),
    "bart": (BartConfig, "eos"),
    "mbart": (MBartConfig, None),
    "mbart-50": (MBartConfig, "eos"),
    "marian": (MarianConfig, "pad"),
    "marian-to-many": (MarianConfig, "pad"),
    "m2m_100": (M2M100Config, "eos"),
    "nllb": (M2M100Config, "eos"),
    "pegasus": (PegasusConfig, "pad"),
    "plbart": (PLBartConfig, None),
}
"""Configurations of encoder-decoders, and the token from which their decoder begins, as they are on the hub."""

LANGUAGES: dict[str, dict[str, str]] = {
    "madlad": {"target_language": "ko"},
    "mbart": {"source_language": "en", "target_language": "ko_KR"},
    "mbart-50": {"source_language": "en_XX", "target_language": "ko"},
    "marian-to-many": {"target_language": "ko"},
    "m2m_100": {"source_language": "eng", "target_language": "ko"},
    "nllb": {"source_language": "en", "target_language": "kor_Hang"},
    "plbart": {"source_language": "python", "target_language": "en"},
}
"""What recipes tell models for several languages."""

CODES: dict[str, tuple[str, str]] = {
    "mbart": ("en_XX", "ko_KR"),
    "mbart-50": ("en_XX", "ko_KR"),
    "m2m_100": ("en", "ko"),
    "nllb": ("eng_Latn", "kor_Hang"),
    "plbart": ("python", "en_XX"),
}
TOKENS_OF_SOURCES: dict[str, str] = {"madlad": "<2ko> ", "marian-to-many": ">>kor<< "}
"""The same as their tokenizers, and whoever writes a source for them, spell it."""

DECODERS = ("gpt2", "llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2", "opt", "own-decoder")
ENCODER_DECODERS = (*STARTS, "two-berts", "own-encoder-decoder")

PAIRS = [
    ("the film is good", "그 영화 는 좋다"),
    ("the film is bad", "그 영화 는 나쁘다 ."),
    ("a very good film !", "좋다 !"),
    ("was the film dull , bad", "나쁘다"),
    ("not bad", "좋다 , 그 영화 는 좋다"),
] * 4


def writing_model(name: str, folder: Path, *, seed: int = 0) -> Path:
    """A random model with its language head and tokenizer, as a pretrained one lies on the hub."""
    tokenizer = tokenizer_of(name, folder)
    config = config_for(name, tokenizer) if name in STARTS else MORE[name] if name in MORE else SHARED[name][1]
    torch.manual_seed(seed)
    factory = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    factory.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tokenizer_of(name: str, folder: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a model, which may write files that it reads into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if name in TOKENIZERS:
        return TOKENIZERS[name](folder)
    return tokenizer_for(name if name in SHARED else "llama")


def config_for(name: str, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    """Return the configuration of a small encoder-decoder for its tokenizer."""
    kind, start = STARTS[name]
    sizes = T5_SIZES if issubclass(kind, T5Config | MT5Config) else STACKS
    ids = {f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("pad", "bos", "eos")}
    first = {} if start is None else {"decoder_start_token_id": ids[f"{start}_token_id"]}
    gated = {"feed_forward_proj": "gated-gelu"} if name in ("mt5", "madlad") else {}
    forced = {"forced_eos_token_id": ids["eos_token_id"]} if sizes is STACKS else {}
    return kind(**{**sizes, **ids, **first, **gated, **forced, "vocab_size": len(tokenizer)})


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
