"""Small models of the three families with real tokenizers, and runs that were made with one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import valid_files
import yaml
from fuzz_worker import Worker
from tiny_models import SMALL, T5_SIZES
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
NAMES = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "mask_token": "<mask>"}
IDS: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}


def small_models(folder: Path) -> list[Path]:
    """Write a classifier with WordPiece, a decoder with BPE of bytes, an encoder-decoder with Unigram."""
    torch.manual_seed(0)
    sizes = {name: size for name, size in SMALL.items() if name != "vocab_size"}
    pieces = Tokenizer(models.WordPiece(unk_token="<unk>"))
    pieces.normalizer = normalizers.BertNormalizer()
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.decoder = decoders.WordPiece()
    _learn(pieces, trainers.WordPieceTrainer(vocab_size=120, special_tokens=SPECIAL))
    pieces.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    characters = Tokenizer(models.BPE())
    characters.pre_tokenizer = pre_tokenizers.ByteLevel()
    characters.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    _learn(characters, trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIAL, initial_alphabet=alphabet))
    words = Tokenizer(models.Unigram())
    words.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("  ", " ")])
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.decoder = decoders.Metaspace()
    _learn(words, trainers.UnigramTrainer(vocab_size=90, special_tokens=SPECIAL, unk_token="<unk>"))
    words.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)]
    )
    labels = {"id2label": {0: "bad", 1: "좋다"}, "label2id": {"bad": 0, "좋다": 1}}
    gpt = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64, "bos_token_id": 1, "eos_token_id": 2}
    made = {
        "encoder": (BertForSequenceClassification, BertConfig(vocab_size=120, **sizes, **IDS, **labels), pieces),
        "decoder": (GPT2LMHeadModel, GPT2Config(vocab_size=300, **gpt), characters),
        "both": (
            T5ForConditionalGeneration,
            T5Config(**{**T5_SIZES, "vocab_size": 120}, pad_token_id=0, eos_token_id=2),
            words,
        ),
    }
    for name, (factory, config, tokenizer) in made.items():
        factory(config).save_pretrained(folder / name)
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=40, **NAMES)
        fast.save_pretrained(folder / name)
        special = folder / name / "special_tokens_map.json"
        special.write_text(json.dumps(NAMES), encoding="utf-8")  # which older versions of the library write
        (folder / name / "added_tokens.json").write_text(json.dumps({"<mask>": 4}), encoding="utf-8")
    return [folder / name for name in made]


def make(folder: Path, *, kind: str) -> valid_files.Made:
    """Make models, runs and a folder for the files of a kind."""
    rows = folder / "rows.jsonl"
    rows.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in valid_files.ROWS), encoding="utf-8")
    model = small_models(folder)[0]
    training = {"num_train_epochs": 1, "per_device_train_batch_size": 8, "save_steps": 10, "bf16": False}
    tree = {
        "task": "text-classification",
        "model": {"name": str(model)},
        "data": {
            "source": str(rows),
            "columns": {"text": "text", "label": "label"},
            "test_size": 8,
            "validation_size": 4,
            "max_length": 32,
        },
        "method": "full",
        "training": training,
    }
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    runs = {"run": [], "adapted": ["method=lora"]} if kind in ("run", "adapter", "ledger", "recipe") else {}
    worker = Worker(folder)
    for name, changes in runs.items():
        command = [
            "fine-tune",
            str(recipe),
            *changes,
            "--output-dir",
            str(folder / name),
            "--ledger",
            str(folder / "ledger"),
        ]
        ended = worker.run(command)
        assert ended.code == 0, ended.said
    worker.close()
    (folder / "files").mkdir()
    return valid_files.Made(folder / "files", model, folder / "run", folder / "adapted", recipe)


def _learn(tokenizer: Tokenizer, trainer: Any) -> None:
    tokenizer.train_from_iterator([row["text"] for row in valid_files.ROWS], trainer)
