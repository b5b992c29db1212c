"""Tiny random models of every family with the heads that zero-shot classification needs, and texts for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from toolkit.data.packaged import packaged_model_folder

LABELS = ("negative", "positive", "a mixed and rather undecided opinion")
TEXTS = [
    "a moving and funny film",
    "dull",
    "two hours of my life that nobody will ever give back to me , and not a laugh in any of them",
    "잘 만든 영화",
    "",
    "it spells <s> and [MASK] and <|end|> , which are words here",
]
SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


def save(kind: str, folder: Path, sentences: Sequence[str]) -> Path:
    """A model of a kind, with weights so large that its answers differ from text to text."""
    torch.manual_seed(3)
    model, tokenizer = KINDS[kind](sentences)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _byte_pairs(sentences: Sequence[str], *, first: bool) -> PreTrainedTokenizerFast:
    """A tokenizer as GPT-2's, perhaps with <s> in front of each text as Llama's."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<|end|>", "<s>"], initial_alphabet=alphabet)
    backend.train_from_iterator([*sentences, *LABELS], trainer)
    if first:
        backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|end|>", bos_token="<s>" if first else None)


def _pieces(sentences: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer as T5's: pieces with ▁ for spaces, </s> behind each text."""
    backend = Tokenizer(models.Unigram())
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    special = ["<pad>", "</s>", "<unk>"]
    backend.train_from_iterator(
        [*sentences, *LABELS], trainers.UnigramTrainer(vocab_size=300, special_tokens=special, unk_token="<unk>")
    )
    backend.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def _gpt2(sentences: Sequence[str]) -> tuple[PreTrainedModel, Any]:
    tokenizer = _byte_pairs(sentences, first=False)
    size = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}
    return GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), initializer_range=0.3, **size)), tokenizer


def _llama(sentences: Sequence[str]) -> tuple[PreTrainedModel, Any]:
    tokenizer = _byte_pairs(sentences, first=True)
    settings = {"num_key_value_heads": 2, "max_position_embeddings": 256, "initializer_range": 0.3}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **SIZE, **settings)), tokenizer


def _t5(sentences: Sequence[str]) -> tuple[PreTrainedModel, Any]:
    tokenizer = _pieces(sentences)
    tokenizer.model_max_length = 128
    size = {"d_model": 32, "d_kv": 8, "num_heads": 4, "num_layers": 2, "d_ff": 64}
    config = T5Config(vocab_size=len(tokenizer), initializer_factor=1.0, decoder_start_token_id=0, **size)
    return T5ForConditionalGeneration(config), tokenizer


def _bert_settings() -> tuple[dict[str, Any], Any]:
    tokenizer = BertTokenizer.from_pretrained(packaged_model_folder("packaged:minilm"))
    tokenizer.model_max_length = 64
    return {**SIZE, "vocab_size": len(tokenizer), "max_position_embeddings": 64, "initializer_range": 0.3}, tokenizer


def _bert_masked(_: Sequence[str]) -> tuple[PreTrainedModel, Any]:
    settings, tokenizer = _bert_settings()
    return BertForMaskedLM(BertConfig(**settings)), tokenizer


def _bert_entailment(_: Sequence[str]) -> tuple[PreTrainedModel, Any]:
    settings, tokenizer = _bert_settings()
    names = ("contradiction", "Entailment", "neutral")
    labels = {"id2label": dict(enumerate(names)), "label2id": {name: i for i, name in enumerate(names)}}
    return BertForSequenceClassification(BertConfig(**settings, **labels)), tokenizer


KINDS = {
    "gpt2": _gpt2,
    "llama": _llama,
    "t5": _t5,
    "bert-masked": _bert_masked,
    "bert-entailment": _bert_entailment,
}
