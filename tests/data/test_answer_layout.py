"""Chats that are longer than a model takes, and chats that a template refuses."""

from __future__ import annotations

import json

import pytest
from datasets import Dataset
from test_chat_template import CHATML, GEMMA, tokenizer_with

from toolkit.data.answer_layout import AnswerLayout
from toolkit.errors import DataError

LONG = "a b c d e f g h " * 20


def chats(*contexts: list[tuple[str, str]], answer: str = "yes") -> Dataset:
    cells = [json.dumps([{"role": role, "content": content} for role, content in turns]) for turns in contexts]
    return Dataset.from_dict({"id": list(range(len(cells))), "messages": cells, "target": [answer] * len(cells)})


def texts(rows: Dataset, max_length: int) -> list[str]:
    tokenizer = tokenizer_with(CHATML)
    return [tokenizer.decode(row) for row in AnswerLayout().encode(rows, tokenizer, max_length=max_length)["input_ids"]]


def test_the_oldest_turns_go_first_and_the_system_s_message_stays() -> None:
    turns = [("system", "be kind"), ("user", LONG), ("assistant", "one"), ("user", "two"), ("assistant", "three")]
    (text,) = texts(chats([*turns, ("user", "four")]), 200)
    assert "be kind" in text
    assert "one" not in text
    assert "two" in text
    assert text.endswith("four<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n")


def test_then_the_end_of_the_question_goes_and_the_template_stays_whole() -> None:
    (text,) = texts(chats([("user", LONG)]), 100)
    assert text.startswith("<|im_start|>user\na b c d")
    assert text.endswith("<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n")
    tokenizer = tokenizer_with(CHATML)
    encoded = AnswerLayout().encode(chats([("user", LONG)]), tokenizer, max_length=100)
    assert encoded["length"] == [len(encoded["input_ids"][0])]
    assert encoded["length"][0] <= 100
    learnt = [token for token in encoded["labels"][0] if token != -100]
    assert tokenizer.decode(learnt) == "yes<|im_end|>"
    (prompt,) = AnswerLayout().prompts(chats([("user", LONG)]), tokenizer, max_length=120)
    assert len(prompt) <= 60
    assert tokenizer.decode(prompt).endswith("<|im_end|>\n<|im_start|>assistant\n")


def test_at_last_the_end_of_the_answer_goes() -> None:
    (text,) = texts(chats([("user", "x")], answer=LONG), 60)
    assert text.startswith("<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\na b c")
    assert not text.endswith("<|im_end|>")


def test_an_answer_without_any_room_is_told_with_its_rows() -> None:
    rows = chats([("user", "x")], [("system", LONG), ("user", "x")])
    told = r"nothing of the answer fits into 60 tokens: raise data.max_length, in 1 row \(id 1\)"
    with pytest.raises(DataError, match=told):
        texts(rows, 60)


def test_what_a_template_refuses_is_told_with_its_rows() -> None:
    rows = chats([("user", "x")], [("system", "s"), ("user", "x")], [("system", "s"), ("user", "y")])
    for use in (AnswerLayout().encode, AnswerLayout().prompts):
        with pytest.raises(DataError, match=r"System role not supported\), in 2 rows \(id 1, 2\)"):
            use(rows, tokenizer_with(GEMMA), max_length=100)
