"""Convert a filled template to token ids: the border of prompt and label, and texts that are too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from toolkit.errors import RecipeError
from toolkit.transformer import TransformerConfig


@dataclass(frozen=True)
class Prompt:
    """A prompt with its possible answers.

    Attributes:
        ids: of the prompt, special tokens included.
        answers: token ids that follow, for each label.
    """

    ids: list[int]
    answers: list[list[int]]


def token_ids(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    """Tokenize without special tokens, also where a text spells one."""
    settings = {"add_special_tokens": False, "split_special_tokens": True, "return_attention_mask": False}
    ids: list[list[int]] = tokenizer(list(texts), verbose=False, **settings)["input_ids"]
    return ids


def parted(before: str, answers: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> Prompt:
    """Tokenize a prompt with each answer, and split the ids where the answers begin to differ.

    The ids of prompt and answer together are those of the whole text. A space between them belongs to the answer, as
    tokenizers have it, and so does a token across the border. Such shared tokens are scored for every label alike.

    Args:
        before: the prompt.
        answers: one a label.
        tokenizer: the model's.
    """
    body = before.rstrip(" ")
    space = before[len(body) :]
    plain, *whole = token_ids([body, *(body + space + answer for answer in answers)], tokenizer)
    n_shared = min(_shared(plain, ids) for ids in whole)
    return Prompt(plain[:n_shared], [ids[n_shared:] for ids in whole])


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the length of the common prefix of two token sequences."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (ours, theirs) in pairs if ours != theirs), min(len(first), len(second)))


def special_ends(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """Return the special tokens that a tokenizer adds before and after a text."""
    (plain,) = token_ids(["a"], tokenizer)
    whole: list[int] = tokenizer("a", return_attention_mask=False)["input_ids"]
    for start in range(len(whole) - len(plain) + 1):
        if whole[start : start + len(plain)] == plain:
            return whole[:start], whole[start + len(plain) :]
    return [], []


def first_tokens(tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> list[int]:
    """Return the tokens before a decoder's prompt; our own Transformer learns with ``<s>``, which its packer adds."""
    if isinstance(config, TransformerConfig):
        return [int(tokenizer.bos_token_id)]
    return special_ends(tokenizer)[0]


def check_fit(
    kept: dict[str, str] | None, size: Callable[[], int], room: int, *, examples: bool = False
) -> dict[str, str]:
    """Return the result of `fitted`, and raise an error where it is None.

    Args:
        kept: of `toolkit.data.several_inputs.fitted`.
        size: returns the number of tokens of the template.
        room: limit of that number.
        examples: whether the prompt has few-shot examples.

    Raises:
        RecipeError: not even the template fits.
    """
    if kept is None:
        what = "the template with its examples" if examples else "the template"
        fix = "give fewer or shorter examples" if examples else "make it shorter"
        raise RecipeError(f"{what} has {size()} tokens without a text, and the model takes {room}; {fix}")
    return kept
