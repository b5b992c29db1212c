"""Chats: messages with roles, in the spellings that files in the wild have.

A chat to learn from ends with an answer of the assistant. In a table it is two columns of text: ``messages``, the JSON
of what the answer follows, and ``target``, the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from toolkit.data.normalise import LONGEST_CHARACTERS, clean_text
from toolkit.data.tables import Table
from toolkit.errors import DataError, Fault, explain

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"

CHAT, ANSWER = "messages", "target"
"""The columns of a chat: what the last answer follows, and that answer."""

KEYS = (("role", "content"), ("from", "value"))
"""The keys of a message: those of chat templates, and those of ShareGPT's files."""

_OTHER_NAMES = {"human": USER, "gpt": ASSISTANT, "model": ASSISTANT, "bot": ASSISTANT, "chatbot": ASSISTANT}
"""Roles by the names that other formats give them."""


Message: TypeAlias = dict[str, str]
"""A message of a chat: its ``role``, which is ``system``, ``user`` or ``assistant``, and its ``content``."""


class ChatError(ValueError):
    """What is wrong with a chat, in words that fit before "in 3 rows"."""


def read_chat(cell: str | None) -> list[Message]:
    """Return the messages of a cell, in normal form C.

    Args:
        cell: a JSON list of objects with ``role`` and ``content``, or with ``from`` and ``value``.

    Raises:
        ChatError: the cell is no such list, a role is unknown, or user and assistant do not take turns.
    """
    try:
        found: Any = json.loads(cell or "[]")
    except (ValueError, RecursionError):
        raise ChatError("the chat is no JSON list") from None
    if not isinstance(found, list) or not found:
        raise ChatError("the chat has no list of messages")
    messages = [_message(entry) for entry in found]
    _check_turns([message["role"] for message in messages])
    return messages


def split_answer(messages: Sequence[Message]) -> tuple[list[Message], str | None]:
    """Return the messages before the last answer, and that answer; None where the last message is not one."""
    if messages[-1]["role"] != ASSISTANT:
        return list(messages), None
    return list(messages[:-1]), messages[-1]["content"]


def to_cell(messages: Sequence[Message]) -> str:
    """Return messages as the JSON of a cell."""
    return json.dumps(list(messages), ensure_ascii=False)


def split_chats(table: Table, columns: Mapping[str, Any], *, answered: bool) -> Table:
    """Return a table whose chats are the two columns `CHAT` and `ANSWER`.

    Args:
        table: the data.
        columns: the data's name of a column by the task's name.
        answered: whether each chat has to end with an answer.

    Raises:
        DataError: chats that cannot be read; with their lines.
    """
    name = str(columns.get(CHAT, CHAT)).strip()
    if name not in table.columns or table.not_text.get(name) == "bytes":
        return table
    faults: dict[str, list[int]] = {}
    contexts: list[str] = []
    answers: list[str | None] = []
    for row, cell in enumerate(table.columns[name]):
        try:
            context, answer = split_answer(read_chat(cell))
            if answered and answer is None:
                raise ChatError("the chat does not end with an answer of the assistant")
            contexts.append(to_cell(context))
            answers.append(answer)
            if len(contexts[-1]) > LONGEST_CHARACTERS:
                raise ChatError(f"the chat has more than {LONGEST_CHARACTERS:,} characters")
        except ChatError as error:
            faults.setdefault(str(error), []).append(row)
    found: list[Fault] = [fault for message, rows in faults.items() for fault in table.faults(message, rows)]
    if found:
        raise DataError(*found)
    has_answers = any(answer is not None for answer in answers)
    return replace(
        table,
        columns={**table.columns, CHAT: contexts, **({ANSWER: answers} if has_answers else {})},
        not_text={column: content for column, content in table.not_text.items() if column not in (name, CHAT, ANSWER)},
    )


def answers_in(cell: str | None) -> list[str]:
    """Return what the assistant has said in the messages of a cell."""
    messages: list[Message] = json.loads(cell or "[]")
    return [message["content"] for message in messages if message["role"] == ASSISTANT]


def shown(cell: str) -> str:
    """Return the messages of a cell for people: the text of a single one, else a line each with its role."""
    messages: list[Message] = json.loads(cell)
    if len(messages) == 1:
        return messages[0]["content"]
    return "\n".join(f"{message['role']}: {message['content']}" for message in messages)


def _message(entry: Any) -> Message:
    if not isinstance(entry, dict):
        raise ChatError("a message is no object with role and content")
    role_key, content_key = next((keys for keys in KEYS if keys[0] in entry), KEYS[0])
    role, content = entry.get(role_key), entry.get(content_key)
    if not isinstance(role, str) or not isinstance(content, str):
        raise ChatError(f"a message lacks the text {role_key!r} or {content_key!r}")
    known = _OTHER_NAMES.get(role.strip().lower(), role.strip().lower())
    if known not in (SYSTEM, USER, ASSISTANT):
        raise ChatError(explain(f"a role is {role!r}", allowed=(SYSTEM, USER, ASSISTANT), name=known))
    if known == ASSISTANT and not content.strip():
        raise ChatError("an answer of the assistant is empty")
    return {"role": known, "content": clean_text(content)}


def _check_turns(roles: Sequence[str]) -> None:
    turns = roles[1:] if roles[0] == SYSTEM else roles
    if SYSTEM in turns:
        raise ChatError("a message of the system stands behind others; it can be the first alone")
    if not turns:
        raise ChatError("the chat has a message of the system alone")
    for place, role in enumerate(turns):
        expected = (USER, ASSISTANT)[place % 2]
        if role != expected:
            raise ChatError(f"message {place + 1} is of the {role} where one of the {expected} is due: they take turns")
