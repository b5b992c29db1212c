"""From a filled template to token ids: where prompt and label meet, and texts that are too long."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from toolkit.errors import RecipeError
from toolkit.transformer import TransformerConfig

MOST_CHARACTERS_A_TOKEN = 32
"""On average over a text; it spares the tokenising of what cannot fit."""


@dataclass(frozen=True)
class Prompt:
    """A prompt, and what can follow it.

    Attributes:
        ids: of the prompt, special tokens included.
        answers: ids that follow, for each label.
    """

    ids: list[int]
    answers: list[list[int]]


def token_ids(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    """Ids without special tokens, also where a text spells one."""
    settings = {"add_special_tokens": False, "split_special_tokens": True, "return_attention_mask": False}
    ids: list[list[int]] = tokenizer(list(texts), verbose=False, **settings)["input_ids"]
    return ids


def parted(before: str, answers: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> Prompt:
    """Cut the tokens of a beginning and each of its ends where they part, without special tokens.

    The ids of a prompt and of an answer together are those of the whole text: a space between them belongs to the
    answer, as tokenizers have it, and a token that reaches over the border too. The answers then begin with what the
    others share with it, which every label pays for alike.

    Args:
        before: what all texts begin with.
        answers: what they end with.
        tokenizer: the model's.
    """
    body = before.rstrip(" ")
    space = before[len(body) :]
    plain, *whole = token_ids([body, *(body + space + answer for answer in answers)], tokenizer)
    n_shared = min(_shared(plain, ids) for ids in whole)
    return Prompt(plain[:n_shared], [ids[n_shared:] for ids in whole])


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two texts have in common at their beginning."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(len(first), len(second)))


def special_ends(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """The special tokens that a tokenizer puts before and behind a text."""
    (plain,) = token_ids(["a"], tokenizer)
    whole: list[int] = tokenizer("a", return_attention_mask=False)["input_ids"]
    for start in range(len(whole) - len(plain) + 1):
        if whole[start : start + len(plain)] == plain:
            return whole[:start], whole[start + len(plain) :]
    return [], []


def first_tokens(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> list[int]:
    """What a decoder reads before a prompt; our own Transformer learns with ``<s>``, which its packer puts there."""
    if isinstance(config, TransformerConfig):
        return [int(tokenizer.bos_token_id)]
    return special_ends(tokenizer)[0]


def fitted(texts: Mapping[str, str], size: Callable[[Mapping[str, str]], int], room: int) -> dict[str, str] | None:
    """Texts cut at their ends, the longest one first, so that a prompt fits; the template stays as it is.

    Args:
        texts: by the name of their gap.
        size: tokens of the prompt with some texts in it.
        room: how many there may be.

    Returns:
        The same texts if they fit, or None if not even the template fits.
    """
    kept = dict(texts)
    if size(kept) <= room:
        return kept
    for name in sorted(texts, key=lambda name: -len(texts[name])):
        text = texts[name][: room * MOST_CHARACTERS_A_TOKEN]

        def size_with(n_characters: int, name: str = name, text: str = text) -> int:
            return size({**kept, name: text[:n_characters]})

        n_kept = bisect_right(range(len(text) + 1), room, key=size_with) - 1
        kept[name] = text[: max(n_kept, 0)]
        if n_kept >= 0:
            return kept
    return None


def check_fit(
    kept: dict[str, str] | None, size: Callable[[], int], room: int, *, examples: bool = False
) -> dict[str, str]:
    """What `fitted` gave, or an error.

    Args:
        kept: None if not even the template fits.
        size: its tokens.
        room: how many there may be.
        examples: whether examples belong to it.

    Raises:
        RecipeError: if not even the template fits.
    """
    if kept is None:
        what = "the template with its examples" if examples else "the template"
        fix = "give fewer or shorter examples" if examples else "make it shorter"
        raise RecipeError(f"{what} has {size()} tokens without a text, and the model takes {room}; {fix}")
    return kept
