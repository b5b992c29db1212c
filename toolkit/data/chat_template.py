"""Chats as a model reads them: by the chat template of its tokenizer, with the answers found in it.

Where the answers stand in what a template made of a chat is found by a second chat, of the same roles, whose messages
are marks. So no template needs to say it by itself (few have ``{% generation %}``), and none that changes or drops
an answer goes unseen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError

from toolkit.data.messages import ASSISTANT, ChatError, Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PLAIN_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}{{ message['content'] + eos_token }}"
    "{%- else -%}{{ message['content'] + '\\n' }}{%- endif -%}"
    "{%- endfor -%}"
)
"""The template of a model without one: each message on a line, an answer up to the token that ends a text."""

_MARK = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True)
class WrittenChat:
    """A chat in tokens.

    Attributes:
        ids: of the whole chat. ``[length]``
        learnt: True for the tokens that the model is to write: the answers and the tokens that end them. ``[length]``
    """

    ids: list[int]
    learnt: list[bool]


class ChatTemplate:
    """The chat template of a tokenizer.

    Args:
        tokenizer: with a ``chat_template``; else it is `PLAIN_TEMPLATE`.

    Raises:
        ChatError: the template does not show the answers, or its tokenizer does not tell where tokens stand.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._own: dict[str, Any] = {} if tokenizer.chat_template else {"chat_template": PLAIN_TEMPLATE}
        self._pieces: dict[tuple[str, ...], tuple[list[str], dict[int, int]]] = {}
        if not tokenizer.is_fast:
            raise ChatError("the tokenizer does not tell where its tokens stand in a text")

    def written(self, messages: Sequence[Message]) -> WrittenChat:
        """Return a chat that ends with an answer in tokens.

        Raises:
            ChatError: the template refuses the chat, or changes what is said in it.
        """
        text = self._rendered(messages)
        spans = self._answers(messages, text)
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = list(encoded["input_ids"]), encoded["offset_mapping"]
        learnt = [False] * len(ids)
        place = 0
        for start, end in spans:
            while place < len(ids) and offsets[place][1] <= start:
                place += 1
            while place < len(ids) and offsets[place][0] < end:
                learnt[place] = True
                place += 1
            place = self._learn_end(ids, learnt, place)
        return self._ended(ids, learnt)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a chat up to where its next answer begins, as in `written`.

        Raises:
            ChatError: the template refuses the chat.
        """
        marked = self._rendered([*messages, Message(role=ASSISTANT, content="\ue0000\ue001")])
        before = marked[: _found_mark(marked)]
        asked = self._rendered(messages, add_generation_prompt=True)
        # Templates with a blank in front of an answer make it part of the answer's first token.
        text = asked if before.startswith(asked) and not before[len(asked) :].strip() else before
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def differs_elsewhere(self, messages: Sequence[Message]) -> bool:
        """Return whether a chat that asks for an answer is other than learnt where the template alone prepares it."""
        asked = self._tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, return_dict=False, **self._own
        )
        return list(asked) != self.prompt(messages)

    @property
    def ends(self) -> set[int]:
        """Return the tokens that end an answer."""
        chat = [Message(role="user", content="a"), Message(role=ASSISTANT, content="b")]
        written = self.written(chat)
        last = max(place for place, is_learnt in enumerate(written.learnt) if is_learnt)
        return {written.ids[last]}

    @cached_property
    def _special(self) -> set[int]:
        added = {index for index, token in self._tokenizer.added_tokens_decoder.items() if token.special}
        return added | set(self._tokenizer.all_special_ids)

    def _rendered(self, messages: Sequence[Message], **settings: Any) -> str:
        try:
            text = self._tokenizer.apply_chat_template(list(messages), tokenize=False, **self._own, **settings)
        except TemplateError as error:
            raise ChatError(f"the chat template refuses it ({str(error).splitlines()[0][:100]})") from error
        return str(text)

    def _answers(self, messages: Sequence[Message], text: str) -> list[tuple[int, int]]:
        """Return where the answers begin and end in a rendered chat, in characters."""
        pieces, leads = self._pieces_of(tuple(message["role"] for message in messages))
        position, spans = len(pieces[0]), []
        if not text.startswith(pieces[0]):
            raise ChatError("the chat template changes with what is said")
        for index, after in zip(pieces[1::2], pieces[2::2], strict=True):
            message = messages[int(index)]
            said = message["content"]
            forms = (said, said.strip(), said.lstrip(), said.rstrip())
            form = next((form for form in forms if text.startswith(form + after, position)), None)
            if form is None:
                raise ChatError("the chat template changes what is said")
            if message["role"] == ASSISTANT:
                spans.append((position - leads[int(index)], position + len(form)))
            position += len(form) + len(after)
        return spans

    def _pieces_of(self, roles: tuple[str, ...]) -> tuple[list[str], dict[int, int]]:
        """Return what a template makes of messages with these roles.

        Returns:
            What it puts between messages, with the index of the message at every second place; and by the index of each
            answer the number of blanks in front of it that the model writes, since nothing that asks for it has them.
        """
        if roles not in self._pieces:
            marks = [Message(role=role, content=f"\ue000{index}\ue001") for index, role in enumerate(roles)]
            pieces = _MARK.split(self._rendered(marks))
            there = pieces[1::2]
            lacking = [str(index) for index, role in enumerate(roles) if role == ASSISTANT and str(index) not in there]
            if lacking or len(set(there)) < len(there):
                raise ChatError("the chat template drops or repeats an answer")
            answers = [index for index, role in enumerate(roles) if role == ASSISTANT]
            self._pieces[roles] = (pieces, {index: self._blanks_before(marks, index) for index in answers})
        return self._pieces[roles]

    def _blanks_before(self, messages: Sequence[Message], index: int) -> int:
        whole = self._rendered(messages)
        before = whole[: whole.index(messages[index]["content"])]
        asked = self._rendered(messages[:index], add_generation_prompt=True)
        rest = before[len(asked) :]
        return len(rest) if before.startswith(asked) and not rest.strip() else 0

    def _learn_end(self, ids: list[int], learnt: list[bool], place: int) -> int:
        """Mark the special token that ends an answer, and blanks before it; return the place behind it."""
        ahead = place
        while ahead < len(ids) and ids[ahead] not in self._special:
            if str(self._tokenizer.decode([ids[ahead]])).strip():
                return place
            ahead += 1
        if ahead == len(ids):
            return place
        learnt[place : ahead + 1] = [True] * (ahead + 1 - place)
        return ahead + 1

    def _ended(self, ids: list[int], learnt: list[bool]) -> WrittenChat:
        """Return a chat whose last answer ends with ``eos``, where the template lets it end with nothing."""
        last = max(place for place, is_learnt in enumerate(learnt) if is_learnt)
        if ids[last] in self._special:
            return WrittenChat(ids, learnt)
        end = self._tokenizer.eos_token_id
        if end is None:
            raise ChatError("nothing ends an answer: neither the chat template nor a token of the tokenizer")
        return WrittenChat([*ids[: last + 1], int(end)], [*learnt[: last + 1], True])


def _found_mark(text: str) -> int:
    found = _MARK.search(text)
    if found is None:
        raise ChatError("the chat template drops or repeats an answer")
    return found.start()
