"""Tokens, sentences and common subsequences, from which metrics of texts are counted."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.evaluation.metrics.script_tokens import tokens
from toolkit.evaluation.metrics.sentence_ends import split_sentences
from toolkit.evaluation.metrics.subsequence import common_length, common_places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop_me, 3.5 x-rays!", ["don", "t", "stop", "me", "3", "5", "x", "rays"]),
        ("Größe café naïve", ["größe", "café", "naïve"]),
        ("Привет, мир", ["привет", "мир"]),
        ("나는 GPT를 쓴다ㅋ", ["나", "는", "gpt", "를", "쓴", "다", "ㅋ"]),
        ("2026년 11월", ["2026", "년", "11", "월"]),
        ("HTML很好。", ["html", "很", "好"]),
        ("コーヒーを 々", ["コ", "ー", "ヒ", "ー", "を", "々"]),
        ("हिन्दी में", ["हिन्दी", "में"]),  # vowel signs belong to their words
        ("ไทย ๑๒", ["ไ", "ท", "ย", "๑๒"]),
        ("ﾊﾞｽ ＡＢ", ["ﾊ", "ﾞ", "ｽ", "ａｂ"]),
        ("…!? 😀 _", []),
        ("", []),
    ],
)
def test_words_or_characters(text: str, expected: list[str]):
    assert tokens(text) == expected
    assert tokens(unicodedata.normalize("NFD", text)) == expected


@given(text=st.text(st.characters(codec="ascii")))
def test_tokens_of_ascii_are_runs_of_letters_and_digits(text: str):
    assert tokens(text) == re.findall("[a-z0-9]+", text.lower())


@given(text=st.text())
def test_no_token_is_empty_or_has_a_space(text: str):
    assert all(token and not any(map(str.isspace, token)) for token in tokens(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It costs 3.5 dollars at example.com. Cheap.", ["It costs 3.5 dollars at example.com.", "Cheap."]),
        ('Dr. A. Smith came. "Why?" he asked.', ["Dr. A. Smith came.", '"Why?" he asked.']),
        ('He said "No." They left.', ['He said "No."', "They left."]),
        ("e.g. this. Well... yes. Wait… Now", ["e.g. this.", "Well... yes.", "Wait…", "Now"]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("그는 갔다. 그리고 왔다.\n끝", ["그는 갔다.", "그리고 왔다.", "끝"]),
        ("그는 갔다.그리고 왔다.", ["그는 갔다.", "그리고 왔다."]),
        ("私は行った。彼も！「え？」と", ["私は行った。", "彼も！", "「え？」", "と"]),
        ("यह एक है। वह दो।", ["यह एक है।", "वह दो।"]),
        ("Wow!!! Really?! Yes.", ["Wow!!!", "Really?!", "Yes."]),
        ("...", ["..."]),
        (". a", [". a"]),
        (" \n\n ", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]):
    assert split_sentences(text) == expected


@given(text=st.text(st.sampled_from("ab 가. !?…。\n\t\"')1A")))
def test_sentences_lose_nothing_but_white_space(text: str):
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


def test_a_long_line_is_divided_in_no_time():
    start = time.perf_counter()
    assert len(split_sentences("This is one. " * 20_000)) == 20_000
    assert len(split_sentences("." * 500_000)) == 1
    assert split_sentences(". " * 50_000)
    assert time.perf_counter() - start < 10


letters = st.lists(st.sampled_from("abcd"), max_size=12)


def table(first: list[str], second: list[str]) -> list[list[int]]:
    lengths = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, x in enumerate(first):
        for j, y in enumerate(second):
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if x == y else max(lengths[i][j + 1], lengths[i + 1][j])
    return lengths


@settings(max_examples=300, deadline=None)
@given(first=letters, second=letters)
def test_common_subsequences_are_those_of_the_whole_table(first: list[str], second: list[str]):
    expected = table(first, second)[-1][-1]
    assert common_length(first, second) == common_length(second, first) == expected
    places = common_places(first, second)
    assert len(places) == expected
    assert places == sorted(set(places), reverse=True)
    rest = iter(second)
    assert all(first[place] in rest for place in reversed(places))  # a subsequence of the other
