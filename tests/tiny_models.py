"""Tiny random models of many architectures, as folders that the toolkit opens, with one small vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    BartConfig,
    BertConfig,
    BigBirdConfig,
    DebertaV2Config,
    ElectraConfig,
    EncoderDecoderConfig,
    GPT2Config,
    LlamaConfig,
    LongformerConfig,
    MarianConfig,
    ModernBertConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2Tokenizer,
    Qwen3Config,
    RobertaConfig,
    T5Config,
)

from toolkit.names import Family
from toolkit.transformer import TransformerConfig

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>", "<mask>")
WORDS = "a b c d e f g h the film is was good bad very not dull bright 그 영화 는 좋다 나쁘다 , . !"
TOKENS = (*SPECIAL, *WORDS.split())
PAD, BOS, EOS = 0, 1, 2
VOCABULARY = 40
IDS: dict[str, Any] = {"pad_token_id": PAD, "bos_token_id": BOS, "eos_token_id": EOS}
SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 40,
}
STACKS: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "max_position_embeddings": 40,
    "decoder_start_token_id": BOS,
    "forced_eos_token_id": EOS,
}
T5_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "d_model": 16,
    "d_kv": 8,
    "d_ff": 24,
    "num_layers": 2,
    "num_heads": 2,
    "decoder_start_token_id": PAD,
}
OWN: dict[str, Any] = {
    **{name: size for name, size in SMALL.items() if name != "num_hidden_layers"},
    "encoder_layers": 2,
    "decoder_layers": 2,
}
DISENTANGLED: dict[str, Any] = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8}
GROUPED: dict[str, Any] = {"num_key_value_heads": 1, "head_dim": 8}


def _two_berts() -> EncoderDecoderConfig:
    decoder = BertConfig(**SMALL, **IDS, is_decoder=True, add_cross_attention=True)
    encoder = BertConfig(**SMALL, **IDS)
    return EncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder, decoder_start_token_id=BOS, **IDS)


def configs() -> dict[str, tuple[Family, PreTrainedConfig]]:
    """Each architecture by name, with its family."""
    encoders: dict[str, PreTrainedConfig] = {
        "bert": BertConfig(**SMALL, **IDS),
        "roberta": RobertaConfig(**SMALL, **IDS),
        "modernbert": ModernBertConfig(**SMALL, **IDS, cls_token_id=BOS, sep_token_id=EOS),
        "deberta-v2": DebertaV2Config(**SMALL, **IDS, **DISENTANGLED, pooler_hidden_size=16),
        "electra": ElectraConfig(**SMALL, **IDS, embedding_size=8),
        "longformer": LongformerConfig(**SMALL, **IDS, attention_window=4, sep_token_id=EOS),
        "big_bird": BigBirdConfig(**SMALL, **IDS, block_size=4, num_random_blocks=1),
        "own-encoder": TransformerConfig(**OWN, **IDS, architecture="encoder"),
    }
    decoders_: dict[str, PreTrainedConfig] = {
        "gpt2": GPT2Config(
            vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=2, n_positions=40, bos_token_id=BOS, eos_token_id=EOS
        ),
        "llama": LlamaConfig(**SMALL, **GROUPED, bos_token_id=BOS, eos_token_id=EOS),
        "qwen2": Qwen2Config(**{**SMALL, "vocab_size": 260}, num_key_value_heads=1),
        "qwen3": Qwen3Config(**SMALL, **GROUPED, bos_token_id=BOS, eos_token_id=EOS),
        "own-decoder": TransformerConfig(**OWN, **IDS, architecture="decoder"),
    }
    both: dict[str, PreTrainedConfig] = {
        "t5": T5Config(**T5_SIZES, pad_token_id=PAD, eos_token_id=EOS),
        "bart": BartConfig(**STACKS, **IDS),
        "marian": MarianConfig(**STACKS, pad_token_id=PAD, eos_token_id=EOS),
        "two-berts": _two_berts(),
        "own-encoder-decoder": TransformerConfig(**OWN, **IDS, architecture="encoder-decoder"),
    }
    families = {Family.ENCODER: encoders, Family.DECODER: decoders_, Family.ENCODER_DECODER: both}
    return {name: (family, config) for family, named in families.items() for name, config in named.items()}


ARCHITECTURES = configs()


def tokenizer_for(name: str) -> PreTrainedTokenizerFast:
    """The tokenizer of an architecture.

    One vocabulary; encoders put ``<s>`` before and ``</s>`` behind a text, encoder-decoders and our own ``</s>``
    behind it, decoders nothing, nor do they have a padding token. For Qwen 2 the library insists on bytes.
    """
    family, own = ARCHITECTURES[name][0], name.startswith("own")
    if name == "qwen2":
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        return Qwen2Tokenizer(vocab={character: number for number, character in enumerate(alphabet)}, merges=[])
    tokenizer = Tokenizer(models.WordLevel({token: number for number, token in enumerate(TOKENS)}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if family is not Family.DECODER or own:
        begin = "<s> " if family is Family.ENCODER and not own else ""
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{begin}$A </s>", pair=f"{begin}$A </s> $B </s>", special_tokens=[("<s>", BOS), ("</s>", EOS)]
        )
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    if family is not Family.DECODER or own:
        names |= {"pad_token": "<pad>"}
    if family is Family.ENCODER:
        names |= {"mask_token": "<mask>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"], model_max_length=40, **names
    )


def pretrained(name: str, folder: Path, *, seed: int = 0) -> Path:
    """A random model with its language head and tokenizer, as a pretrained one lies on the hub."""
    family, config = ARCHITECTURES[name]
    torch.manual_seed(seed)
    language_model(family).from_config(config).save_pretrained(folder)
    tokenizer_for(name).save_pretrained(folder)
    return folder


def language_model(family: Family) -> Any:
    """The library's Auto class of a family's language head."""
    both = AutoModelForSeq2SeqLM if family is Family.ENCODER_DECODER else AutoModelForCausalLM
    return AutoModelForMaskedLM if family is Family.ENCODER else both
