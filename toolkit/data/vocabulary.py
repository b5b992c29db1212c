"""A tokenizer learnt from the training texts; decoding its ids gives back every text exactly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from toolkit.errors import DataError, RecipeError, explain

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TokenizerKind: TypeAlias = Literal["bpe", "unigram"]

PAD, BOS, EOS, UNK, MASK = SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "<mask>")
"""Special tokens; their ids are 0 to 4."""

BYTE_TOKENS = tuple(f"<0x{byte:02X}>" for byte in range(256))
"""Tokens that spell a character without a token of its own as UTF-8 bytes; their ids are 5 to 260."""

_FIXED = len(SPECIAL_TOKENS) + len(BYTE_TOKENS)
COVERAGE = 0.9995  # of the characters of the texts: the rest are misspellings, rare hanja, emoji seen once
ALPHABET_SHARE = 0.5  # of the learnt tokens may be single characters, so that words have room too
SMALLEST_COVERAGE = 0.95  # with less, more than one character in twenty would be two or three byte tokens
LONGEST_PIECE = 16  # characters of a token
END = "\1"  # marks a word's end in training, see `_repeated`
LONGEST_RUN = 48  # characters that are looked at together; a line of 10,000 dashes must not take for ever

# A word, a digit or a run of signs, each with the space in front of it. `<` ends its piece, so that no learnt
# token can be spelt like a special or a byte token: "<0x41>" in a text stays what it is.
_PIECES = (
    rf" ?[\p{{L}}\p{{M}}]{{1,{LONGEST_RUN}}}| ?\p{{N}}| ?<| ?[^\s\p{{L}}\p{{M}}\p{{N}}<\x{{1}}]{{1,{LONGEST_RUN}}}"
    rf"|\s{{1,{LONGEST_RUN}}}(?!\S)|\s|\x{{1}}"
)


def train_tokenizer(
    texts: Iterable[str], *, kind: TokenizerKind, vocab_size: int, lowercase: bool = False, max_length: int
) -> PreTrainedTokenizerFast:
    """Learn a vocabulary; the same texts give the same vocabulary, byte for byte.

    Texts are brought to normal form C and are otherwise kept exactly, spaces included. Characters too rare for a token
    of their own are spelt as bytes, so no token is ever ``<unk>``. Calling the tokenizer appends ``</s>`` and adds
    nothing in front.

    Args:
        texts: the texts of the training split.
        kind: ``bpe`` merges frequent neighbours (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909), ``unigram``
            keeps the likeliest pieces (Kudo 2018, https://arxiv.org/abs/1804.10959).
        vocab_size: the largest number of tokens, special and byte tokens included; short texts may give fewer.
        lowercase: whether to read capital letters as small letters.
        max_length: tokens that the model takes.

    Raises:
        RecipeError: `vocab_size` has no room for the characters of the texts.
        DataError: the texts have no characters.
    """
    normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.NFC()]) if lowercase else normalizers.NFC()
    lines = [normalizer.normalize_str(text) for text in texts]
    room = vocab_size - _FIXED
    alphabet = _alphabet(lines, room)
    learn = _learn_bpe if kind == "bpe" else _learn_unigram
    tokenizer = Tokenizer(learn(lines, alphabet, room))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_PIECES), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A:0 {EOS}:0",
        pair=f"$A:0 {EOS}:0 $B:1 {EOS}:1",
        special_tokens=[(EOS, SPECIAL_TOKENS.index(EOS))],
    )
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    return _for_transformers(tokenizer, max_length)


def _for_transformers(tokenizer: Tokenizer, max_length: int) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    # The space before a masked word belongs to the word: "The <mask> sat" is "The", <mask>, " sat".
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNK,
        mask_token=AddedToken(MASK, lstrip=True, normalized=False, special=True),
        model_max_length=max_length,
        padding_side="right",
        truncation_side="right",
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )


def least_vocab_size(texts: Iterable[str]) -> int:
    """Return the smallest ``vocab_size`` with which `train_tokenizer` can learn from these texts.

    Raises:
        DataError: the texts have no characters.
    """
    ranked = _by_frequency(normalizers.NFC().normalize_str(text) for text in texts)
    return _FIXED + -int(-_needed(ranked, SMALLEST_COVERAGE) // ALPHABET_SHARE)


def _alphabet(lines: list[str], room: int) -> list[str]:
    """Return the most frequent characters, which get a token each."""
    ranked = _by_frequency(lines)
    most = max(0, int(room * ALPHABET_SHARE))
    if most < _needed(ranked, SMALLEST_COVERAGE):
        message = explain(
            f"{_FIXED + room:,} tokens are too few: {len(SPECIAL_TOKENS)} special tokens, {len(BYTE_TOKENS)} bytes "
            f"and the characters of these texts need at least {least_vocab_size(lines):,}",
            fix="choose a larger vocab_size",
        )
        raise RecipeError(message, where="tokenizer.vocab_size")
    return sorted(character for character, _ in ranked[: min(most, _needed(ranked, COVERAGE))])


def _by_frequency(lines: Iterable[str]) -> list[tuple[str, int]]:
    """Return every character with the number of its appearances, the most frequent first."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(line)
    del counts[END], counts["\0"]  # the second is the library's mark between words
    if not counts:
        raise DataError("the training texts have no characters to train a tokenizer on")
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _needed(ranked: list[tuple[str, int]], coverage: float) -> int:
    """Return how many of the most frequent characters make up this share of the texts."""
    covered = list(accumulate(count for _, count in ranked))
    return next(n for n, count in enumerate(covered, start=1) if count >= coverage * covered[-1])


def _training_pieces(pattern: str, alphabet: list[str]) -> pre_tokenizers.PreTokenizer:
    """Return the cutter of texts into pieces; characters beyond the alphabet end a piece and are left out."""
    known = "".join(rf"\x{{{ord(character):X}}}" for character in alphabet)
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.Split(Regex(f"[^{known}]+"), "removed"),
        ]
    )


def _model_after(tokenizer: Tokenizer, lines: list[str], trainer: trainers.Trainer) -> dict[str, Any]:
    tokenizer.train_from_iterator(lines, trainer)
    learnt: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    return learnt


def _learn_bpe(lines: list[str], alphabet: list[str], room: int) -> models.BPE:
    # A pair seen once is no pattern. The trainer breaks ties by the ids of the pair, and those by the code point.
    trainer = trainers.BpeTrainer(
        vocab_size=room,
        min_frequency=2,
        special_tokens=[],
        initial_alphabet=alphabet,
        max_token_length=LONGEST_PIECE,
        show_progress=False,
    )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = _training_pieces(_PIECES, alphabet)
    learnt = _model_after(tokenizer, lines, trainer)
    tokens = [*SPECIAL_TOKENS, *BYTE_TOKENS, *sorted(learnt["vocab"], key=learnt["vocab"].__getitem__)]
    return models.BPE(
        vocab={token: index for index, token in enumerate(tokens)},
        merges=[(left, right) for left, right in learnt["merges"]],
        unk_token=UNK,
        fuse_unk=True,
        byte_fallback=True,
    )


def _learn_unigram(lines: list[str], alphabet: list[str], room: int) -> models.Unigram:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = _training_pieces(rf"(?:{_PIECES})\x{{1}}?", [*alphabet, END])
    lines = [line.replace(END, " ") for line in lines]
    trainer = trainers.UnigramTrainer(
        vocab_size=room + 1,  # with END, which is taken out again
        special_tokens=[],
        initial_alphabet=alphabet,
        max_piece_length=LONGEST_PIECE,
        show_progress=False,
    )
    learnt = _model_after(tokenizer, lines + _repeated(lines, tokenizer.pre_tokenizer), trainer)
    scores = _settled(dict(learnt["vocab"]), n_characters=len(alphabet))
    pieces = sorted(((piece, score) for piece, score in scores.items() if piece != END), key=lambda p: (-p[1], p[0]))
    fixed = [(token, 0.0) for token in (*SPECIAL_TOKENS, *BYTE_TOKENS)]
    return models.Unigram([*fixed, *pieces], unk_id=SPECIAL_TOKENS.index(UNK), byte_fallback=True)


def _repeated(lines: list[str], pre_tokenizer: pre_tokenizers.PreTokenizer) -> list[str]:
    """Return the words that occur more than once, each with `END`.

    The trainer starts from substrings of its list of different words that are followed by two different characters. A
    frequent word that begins no other word is followed by the mark between words only, so it would not be a candidate.
    `END` is the second character.
    """
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(word for word, _ in pre_tokenizer.pre_tokenize_str(line))
    return [END, *(word + END for word, count in sorted(counts.items()) if count > 1)]


def _settled(scores: dict[str, float], *, n_characters: int) -> dict[str, float]:
    """Return the scores of pieces without the differences between one training and the next.

    The trainer keeps its words in a hash table of random order and sums in that order, which changes the last digits.
    Characters that it had dropped get the lowest score plus 0.0001 times their rank in a random order. Here all of them
    get the lowest score.
    """
    lowest = min(scores.values())
    dropped = lowest + 0.0001 * (n_characters + 1)
    return {
        piece: round(lowest if len(piece) == 1 and score < dropped else score, 6) for piece, score in scores.items()
    }
