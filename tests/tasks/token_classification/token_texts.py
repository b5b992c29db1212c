"""Tokenizers of the kinds that models have, trained on a few words, and texts."""

from __future__ import annotations

from functools import cache

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

TEXTS = [
    "Peter Müller visits New York on 3 May 2024, and pays $12.50 for it.",
    "어제 서울에서 김민수를 만났다. 부산역까지 3시간 걸렸다!",
    "A  text with   double blanks\nand lines, e-mail@example.org",
]
KINDS = ("wordpiece", "byte-bpe", "byte-bpe-untrimmed", "unigram", "metaspace-bpe")


@cache
def tokenizer_of(kind: str) -> PreTrainedTokenizerFast:
    """A tokenizer of a kind: WordPiece (BERT), byte-level BPE (RoBERTa; GPT-2), Unigram (T5), BPE of Llama 2."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=120, special_tokens=special)
    elif kind.startswith("byte-bpe"):
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=special, initial_alphabet=alphabet)
    elif kind == "unigram":
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=150, special_tokens=special, unk_token="[UNK]")
    else:
        tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
        # No pre-tokenizer: to it the whole text is one word.
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        trainer = trainers.BpeTrainer(vocab_size=160, special_tokens=special)
    tokenizer.train_from_iterator(TEXTS * 3, trainer)
    if kind == "byte-bpe":
        tokenizer.post_processor = processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2), add_prefix_space=False)
    elif kind in ("wordpiece", "unigram"):
        pieces = "[CLS] $A [SEP]" if kind == "wordpiece" else "$A [SEP]"
        tokenizer.post_processor = processors.TemplateProcessing(
            single=pieces, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
