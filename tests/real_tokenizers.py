"""Tokenizers of the library's own classes for encoder-decoders, small: they know the words of the tiny models."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import sentencepiece
from tiny_models import WORDS
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    BartTokenizer,
    M2M100Tokenizer,
    MarianTokenizer,
    MBart50Tokenizer,
    MBartTokenizer,
    NllbTokenizer,
    PegasusTokenizer,
    PLBartTokenizer,
    PreTrainedTokenizerBase,
    T5Tokenizer,
)
from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

LENGTH = 40
FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>")
CHARACTERS = sorted({*WORDS.replace(" ", ""), *"ilmsuwx:"})
PIECES = [("▁", -5.0), *((f"▁{word}", -2.0) for word in WORDS.split()), *((each, -9.0) for each in CHARACTERS)]
"""Words and characters with the log probabilities of a unigram model."""


def _t5(_: Path) -> PreTrainedTokenizerBase:
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *PIECES]
    return T5Tokenizer(vocab=vocabulary, extra_ids=2, model_max_length=LENGTH)


def _madlad(_: Path) -> PreTrainedTokenizerBase:
    """T5's, with the languages to write into as tokens of the source (Kudugunta et al. 2023)."""
    codes = [("<2de>", 0.0), ("<2en>", 0.0), ("<2ko>", 0.0)]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *codes, *PIECES]
    tokenizer = T5Tokenizer(vocab=vocabulary, extra_ids=0, model_max_length=LENGTH)
    tokenizer.add_tokens([code for code, _ in codes])
    return tokenizer


def _pegasus(_: Path) -> PreTrainedTokenizerBase:
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<mask_1>", 0.0), ("<mask_2>", 0.0), ("<unk_2>", 0.0), ("<unk>", 0.0)]
    return PegasusTokenizer(vocab=[*special, *PIECES], offset=3, model_max_length=LENGTH)


def _mbart(_: Path) -> PreTrainedTokenizerBase:
    return MBartTokenizer(vocab=[*((token, 0.0) for token in FAIRSEQ), *PIECES], model_max_length=LENGTH)


def _mbart50(_: Path) -> PreTrainedTokenizerBase:
    spelt = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), *PIECES]
    return MBart50Tokenizer(vocab=spelt, model_max_length=LENGTH)


def _trained(special: tuple[str, ...], split: Any) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges of a byte-pair encoding of the words."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = split
    alphabet = pre_tokenizers.ByteLevel.alphabet() if isinstance(split, pre_tokenizers.ByteLevel) else CHARACTERS
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([WORDS] * 4, trainer)
    found = json.loads(tokenizer.to_str())["model"]
    return found["vocab"], [tuple(pair) for pair in found["merges"]]


def _nllb(_: Path) -> PreTrainedTokenizerBase:
    vocabulary, merges = _trained(FAIRSEQ, pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"))
    return NllbTokenizer(vocab=vocabulary, merges=merges, model_max_length=LENGTH)


def _bart(_: Path) -> PreTrainedTokenizerBase:
    vocabulary, merges = _trained((*FAIRSEQ, "<mask>"), pre_tokenizers.ByteLevel(add_prefix_space=False))
    return BartTokenizer(vocab=vocabulary, merges=merges, model_max_length=LENGTH)


@cache
def _sentencepiece() -> tuple[bytes, list[str]]:
    """A model of the words as SentencePiece writes it, and its pieces."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([WORDS, "the film is good", "the film : bad"] * 8),
        model_writer=written,
        vocab_size=70,
        hard_vocab_limit=False,
        character_coverage=1.0,
        minloglevel=2,
    )
    model = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    return written.getvalue(), [model.id_to_piece(number) for number in range(model.get_piece_size())]


def _m2m_100(folder: Path) -> PreTrainedTokenizerBase:
    model, pieces = _sentencepiece()
    (folder / "sentencepiece.bpe.model").write_bytes(model)
    tokens = [*FAIRSEQ, *(piece for piece in pieces if piece not in FAIRSEQ)]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({token: number for number, token in enumerate(tokens)}), encoding="utf-8")
    return M2M100Tokenizer(
        str(vocabulary),
        str(folder / "sentencepiece.bpe.model"),
        # as on the hub, whose files list them
        additional_special_tokens=[f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]],
        model_max_length=LENGTH,
    )


def _marian(folder: Path, *codes: str) -> PreTrainedTokenizerBase:
    model, pieces = _sentencepiece()
    files = [str(folder / name) for name in ("source.spm", "target.spm")]
    for file in files:
        Path(file).write_bytes(model)
    tokens = ["</s>", "<unk>", *codes, *(piece for piece in pieces if piece not in FAIRSEQ), "<pad>"]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({token: number for number, token in enumerate(tokens)}), encoding="utf-8")
    return MarianTokenizer(*files, str(vocabulary), model_max_length=LENGTH)


def _plbart(folder: Path) -> PreTrainedTokenizerBase:
    (folder / "sentencepiece.bpe.model").write_bytes(_sentencepiece()[0])
    return PLBartTokenizer(str(folder / "sentencepiece.bpe.model"), language_codes="multi", model_max_length=LENGTH)


TOKENIZERS: dict[str, Callable[[Path], PreTrainedTokenizerBase]] = {
    "t5": _t5,
    "mt5": _t5,
    "madlad": _madlad,
    "bart": _bart,
    "mbart": _mbart,
    "mbart-50": _mbart50,
    "marian": _marian,
    "marian-to-many": lambda folder: _marian(folder, ">>deu<<", ">>fra<<", ">>kor<<"),
    "m2m_100": _m2m_100,
    "nllb": _nllb,
    "pegasus": _pegasus,
    "plbart": _plbart,
}
"""Makes the tokenizer of a kind of model; some write files that they read into a folder."""
