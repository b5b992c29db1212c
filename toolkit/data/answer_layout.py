"""The layout of decoders that answer: they read a source or a chat, and learn to write the answer alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import pyarrow as pa

from toolkit.data.asked import Asked
from toolkit.data.chat_template import ChatTemplate, WrittenChat
from toolkit.data.cut_texts import note_lengths
from toolkit.data.encode import CHUNK_ROWS, asked_texts, in_chunks
from toolkit.data.messages import ANSWER, ASSISTANT, CHAT, USER, ChatError, Message
from toolkit.data.packing import PackAnswers
from toolkit.data.row_layouts import Collator, Layout
from toolkit.data.several_inputs import INPUTS, inputs_in
from toolkit.data.wording import counted
from toolkit.errors import DataError, Fault
from toolkit.transformer.cross_entropy import IGNORED

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

    from toolkit.data.batches import StepBatches

_IDS = pa.list_(pa.int32())
_SHOWN = 10

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class AnswerLayout(Layout):
    """Predict answers, and the tokens that end them, after what they answer.

    A source and its target are a chat of two messages. Chats become tokens by the template of the tokenizer. Where one
    is longer than the model takes, its oldest turns are left out first, then the end of the message to be answered,
    and at last the end of the answer.

    Attributes:
        prompt: what is made of a row, such as ``Translate: {source}``; None: the source itself.
    """

    columns: ClassVar[tuple[str, ...]] = (CHAT, ANSWER)
    shifts: ClassVar[bool] = True

    prompt: str | None = None

    def encode(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> Dataset:
        """Encode chats to ``input_ids``, and ``labels`` that are -100 where the model is to write nothing.

        Raises:
            DataError: the template refuses or changes some chats, or nothing of an answer fits.
        """
        template, faults = ChatTemplate(tokenizer), _Faults()
        lengths: list[int] = []

        def written(context: Asked, answer: str) -> WrittenChat:
            def answered(chat: list[Message]) -> WrittenChat:
                return template.written([*chat, Message(role=ASSISTANT, content=answer)])

            whole = answered(context.messages)
            lengths.append(len(whole.ids))
            if len(whole.ids) <= max_length:
                return whole
            n_answer = len(whole.ids) - len(template.prompt(context.messages))

            def n_tokens(chat: list[Message]) -> int:
                if context.inputs is None:
                    return len(answered(chat).ids)
                return len(template.prompt(chat)) + min(n_answer, max_length // 2)  # the rest of it is cut

            short = answered(context.fitted(n_tokens, max_length, tokenizer))
            if not any(short.learnt[:max_length]):
                raise ChatError(f"nothing of the answer fits into {max_length} tokens: raise data.max_length")
            return WrittenChat(short.ids[:max_length], short.learnt[:max_length])

        def columns_of(chunk: dict[str, Any]) -> dict[str, pa.Array]:
            pairs = zip(self._contexts(chunk), chunk[ANSWER], strict=True)
            chats = list(faults.collected(lambda pair: written(*pair), pairs, instead=WrittenChat([0], [False])))
            labels = [np.where(chat.learnt, chat.ids, IGNORED) for chat in chats]
            columns = {
                "input_ids": pa.array([chat.ids for chat in chats], _IDS),
                "labels": pa.array(labels, _IDS),
                "length": pa.array([len(chat.ids) for chat in chats], pa.int32()),
            }
            return columns | ({"id": pa.array(chunk["id"])} if "id" in chunk else {})

        encoded = in_chunks(rows, columns_of)
        faults.raise_if_any(rows)
        note_lengths(list(rows[ANSWER]), lengths, max_length=max_length)
        return encoded

    def packer(
        self, tokenizer: PreTrainedTokenizerBase, *, seed: int = 0, batches: StepBatches | None = None
    ) -> Collator:
        """Return the collator that packs chats; it chooses nothing at random."""
        return PackAnswers()

    def prompts(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase, *, max_length: int) -> list[list[int]]:
        """Return each chat up to where its answer begins, cut so that half of what the model takes is left for it.

        Raises:
            DataError: the template refuses some chats.
        """
        template, faults, room = ChatTemplate(tokenizer), _Faults(), max_length // 2

        def asked(context: Asked) -> list[int]:
            ids = template.prompt(context.messages)
            if len(ids) <= room:
                return ids
            shorter = context.fitted(lambda chat: len(template.prompt(chat)), room, tokenizer)
            return template.prompt(shorter)[-room:]

        found: list[list[int]] = []
        for start in range(0, len(rows), CHUNK_ROWS):
            found += faults.collected(asked, self._contexts(rows[start : start + CHUNK_ROWS]), instead=[0])
        faults.raise_if_any(rows)
        return found

    def answers(self, rows: Dataset, tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
        """Return the tokens of each whole answer, with what ends it."""
        template = ChatTemplate(tokenizer)
        found: list[list[int]] = []
        for context, answer in zip(self._contexts(rows[:]), rows[ANSWER], strict=True):
            chat = template.written([*context.messages, Message(role=ASSISTANT, content=answer)])
            behind = range(len(template.prompt(context.messages)), len(chat.ids))
            found.append([chat.ids[place] for place in behind if chat.learnt[place]])
        return found

    def _contexts(self, chunk: dict[str, Any]) -> list[Asked]:
        """Return what is answered, of each row: a chat, a source, or several inputs, perhaps after a chat."""
        if INPUTS in chunk:
            before: Iterable[list[Message]] = map(json.loads, chunk[CHAT]) if CHAT in chunk else repeat([])
            cells = zip(before, map(inputs_in, chunk[INPUTS]), strict=False)
            return [Asked.of_inputs(chat, inputs, self.prompt) for chat, inputs in cells]
        if CHAT in chunk:
            return [Asked(json.loads(cell)) for cell in chunk[CHAT]]
        return [Asked([Message(role=USER, content=text)]) for text in asked_texts(chunk, self.prompt)]


class _Faults:
    """Rows with chats that a template cannot show, by what is wrong with them."""

    def __init__(self) -> None:
        self._rows: dict[str, list[int]] = {}
        self._n_seen = 0

    def collected(self, make: Callable[[_Given], _Made], rows: Iterable[_Given], *, instead: _Made) -> Iterator[_Made]:
        """Yield what is made of each row, and something instead where that fails."""
        for row in rows:
            try:
                made = make(row)
            except ChatError as error:
                self._rows.setdefault(str(error), []).append(self._n_seen)
                made = instead
            self._n_seen += 1
            yield made

    def raise_if_any(self, rows: Dataset) -> None:
        """Raise all of them at once, with the ids of their rows.

        Raises:
            DataError: there is one.
        """
        ids = rows["id"] if "id" in rows.column_names else range(len(rows))
        faults = []
        for message, found in self._rows.items():
            named = ", ".join(str(ids[row]) for row in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
            faults.append(Fault(f"{message}, in {counted(len(found), 'row')} (id {named})"))
        if faults:
            raise DataError(*faults)
