"""What is answered: a chat, and how it is shortened where it is longer than a model takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.data.messages import SYSTEM, USER, Message
from toolkit.data.several_inputs import asked, fitted_inputs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Asked:
    """What is answered.

    Attributes:
        messages: a message of the system, if any, then turns; the last message is to be answered.
        inputs: of which the last message was made by a prompt; None where it is a text of its own.
        prompt: that put the inputs together.
    """

    messages: list[Message]
    inputs: Mapping[str, str] | None = None
    prompt: str | None = None

    @classmethod
    def of_inputs(cls, before: Sequence[Message], inputs: Mapping[str, str], prompt: str | None) -> Asked:
        """Return several inputs in a prompt, after the messages of a chat."""
        return cls([*before, Message(role=USER, content=asked(prompt, inputs))], inputs, prompt)

    def fitted(
        self, n_tokens: Callable[[list[Message]], int], room: int, tokenizer: PreTrainedTokenizerBase
    ) -> list[Message]:
        """Return the messages without the oldest turns, and without the end of the last one, as far as room is lacking.

        Of several inputs the longest is cut at its end.

        Args:
            n_tokens: counts the tokens of a chat, an answer included where there is one.
            room: for so many tokens.
            tokenizer: tells where tokens stand.

        Raises:
            RecipeError: not even the prompt of several inputs fits.
        """
        first, turns = _without_oldest(self.messages, n_tokens, room)
        if self.inputs is None:
            return [*first, *_shorter(first, turns, n_tokens, room, tokenizer)]
        first += turns[:-1]

        def answered(inputs: Mapping[str, str]) -> list[Message]:
            return Asked.of_inputs(first, inputs, self.prompt).messages

        return answered(fitted_inputs(self.inputs, lambda inputs: n_tokens(answered(inputs)), room))


def _without_oldest(
    context: Sequence[Message], n_tokens: Callable[[list[Message]], int], room: int
) -> tuple[list[Message], list[Message]]:
    """Return the message of the system, if any, and the turns that are left without the oldest ones."""
    n_first = int(context[0]["role"] == SYSTEM)
    first, turns = list(context[:n_first]), list(context[n_first:])
    while len(turns) > 1 and n_tokens([*first, *turns]) > room:
        turns = turns[2:]
    return first, turns


def _shorter(
    first: list[Message],
    turns: list[Message],
    n_tokens: Callable[[list[Message]], int],
    room: int,
    tokenizer: PreTrainedTokenizerBase,
) -> list[Message]:
    """Return turns without the end of their first message, as far as room is lacking."""
    while (too_many := n_tokens([*first, *turns]) - room) > 0 and turns[0]["content"]:
        turns = [Message(role=USER, content=_shortened(turns[0]["content"], too_many, tokenizer))]
    return turns


def _shortened(text: str, n_tokens: int, tokenizer: PreTrainedTokenizerBase) -> str:
    """Return a text without its last tokens."""
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    n_left = len(offsets) - n_tokens
    return text[: min(offsets[n_left - 1][1], len(text) - 1)] if n_left > 0 else ""
