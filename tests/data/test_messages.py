"""Chats in the spellings of files, and what is wrong with some."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from toolkit.data.messages import ChatError, read_chat, shown, split_answer, split_chats, to_cell
from toolkit.data.rows import prepare_text_rows
from toolkit.data.sources import read_table
from toolkit.errors import DataError

TURN = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


@pytest.mark.parametrize(
    "messages",
    [
        TURN,
        [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}],
        [{"role": "User ", "content": "a", "name": "x"}, {"role": "model", "content": "b"}],
    ],
)
def test_roles_have_many_names(messages: list[dict[str, str]]) -> None:
    assert read_chat(json.dumps(messages)) == TURN


def test_korean_is_in_normal_form_c() -> None:
    apart = unicodedata.normalize("NFD", "안녕하세요")
    assert read_chat(json.dumps([{"role": "user", "content": apart}]))[0]["content"] == "안녕하세요"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (None, "no list of messages"),
        ("[]", "no list of messages"),
        ("{}", "no list of messages"),
        ("hello", "no JSON list"),
        ("[" * 100_000, "no JSON list"),
        ('["hello"]', "no object"),
        ('[{"role": "user"}]', "lacks the text 'role' or 'content'"),
        ('[{"role": "user", "content": 3}]', "lacks the text"),
        ('[{"role": "usr", "content": "a"}]', "did you mean 'user'"),
        ('[{"role": "tool", "content": "a"}]', "allowed: system, user, assistant"),
        ('[{"role": "system", "content": "a"}]', "of the system alone"),
        ('[{"role": "assistant", "content": "a"}]', "message 1 is of the assistant"),
        (json.dumps([TURN[0], TURN[0]]), "message 2 is of the user where one of the assistant is due"),
        (json.dumps([*TURN, {"role": "system", "content": "a"}]), "stands behind others"),
        (json.dumps([TURN[0], {"role": "assistant", "content": " "}]), "answer of the assistant is empty"),
    ],
)
def test_what_is_no_chat(cell: str | None, told: str) -> None:
    with pytest.raises(ChatError, match=told):
        read_chat(cell)


def test_a_chat_is_its_last_answer_and_what_comes_before() -> None:
    assert split_answer(TURN) == (TURN[:1], "b")
    assert split_answer(TURN[:1]) == (TURN[:1], None)
    assert shown(to_cell(TURN[:1])) == "a"
    assert shown(to_cell(TURN)) == "user: a\nassistant: b"


def write(path: Path, chats: list[Any]) -> str:
    path.write_text("\n".join(json.dumps({"chat": chat}) for chat in chats), encoding="utf-8")
    return str(path)


def test_faults_are_told_with_their_lines(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "chats.jsonl", [TURN, TURN[:1], TURN[1:], TURN[:1]]))
    with pytest.raises(DataError) as error:
        split_chats(table, {"messages": "chat"}, answered=True)
    assert [fault.message for fault in error.value.faults] == [
        "the chat does not end with an answer of the assistant in 2 rows (lines 2, 4)",
        "message 1 is of the assistant where one of the user is due: they take turns in 1 row (line 3)",
    ]


def test_chats_to_predict_need_no_answer(tmp_path: Path) -> None:
    source = write(tmp_path / "chats.jsonl", [TURN, TURN[:1]])
    rows = prepare_text_rows(source, wanted=("messages", "target"), columns={"messages": "chat"})
    assert rows["messages"] == [to_cell(TURN[:1])] * 2
    assert rows["reference"] == ["b", None]


def test_csv_has_chats_as_json(tmp_path: Path) -> None:
    import csv

    with (tmp_path / "chats.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["messages"], [json.dumps(TURN)]])
    rows = prepare_text_rows(str(tmp_path / "chats.csv"), wanted=("messages", "target"))
    assert rows["reference"] == ["b"]
