from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data.encodings import decode, decode_and_name
from toolkit.errors import DataError, RecipeError

KOREAN = "text,label\n정말 재미있는 영화였다 ㅋㅋ,긍정\n시간이 아까운 영화,부정\n"
ENGLISH = "text,label\na moving and funny film,positive\na waste of time,negative\n"


@pytest.mark.parametrize("text", [KOREAN, ENGLISH])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_encodings_are_told_apart(text, encoding):
    assert decode(text.encode(encoding), where="f") == text


def test_big_endian_marks():
    assert decode(codecs.BOM_UTF16_BE + KOREAN.encode("utf-16-be"), where="f") == KOREAN
    assert decode(codecs.BOM_UTF32_BE + KOREAN.encode("utf-32-be"), where="f") == KOREAN


def test_cp949_is_found_for_korean():
    found = decode_and_name(KOREAN.encode("cp949"), where="f")
    assert (found.text, found.encoding) == (KOREAN, "cp949")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff")))
def test_utf8_always_comes_back(text):
    assert decode(text.encode("utf-8"), where="f") == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("label\nun café très agréable\n", "cp1252"),
        ("Ängste\nÄrger\n", "latin-1"),  # each pair of bytes is a rare syllable of cp949
        ("中国的电影非常好看，我很喜欢这个故事\n", "gb2312"),  # all of it decodes as cp949
        ("とても面白い映画でした\n", "shift_jis"),
    ],
)
def test_other_encodings_are_refused_not_guessed(text, encoding):
    with pytest.raises(DataError) as caught:
        decode(text.encode(encoding), where="reviews.csv")
    assert "data.encoding" in str(caught.value)
    assert decode(text.encode(encoding), encoding=encoding, where="f") == text


def test_the_fault_names_offset_line_and_bytes():
    with pytest.raises(DataError) as caught:
        decode("text\nfine\nun café\n".encode("latin-1"), where="reviews.csv")
    assert str(caught.value).startswith("reviews.csv:3: the bytes e9 0a at offset 16 are not utf-8")


def test_a_named_encoding_is_taken_strictly():
    with pytest.raises(DataError, match=r"f:2: the bytes ff .* at offset 3 are not utf-8"):
        decode(b"ab\n\xff\xfe\n", encoding="utf-8", where="f")


def test_a_single_nul_does_not_make_it_utf16():
    raw = b"text,label\na,b\nc\0,d\n"
    assert len(raw) % 2 == 0
    assert decode(raw, where="f") == "text,label\na,b\nc\0,d\n"


@pytest.mark.parametrize(("name", "hint"), [("uft-8", "'utf-8'"), ("cp94", "'cp949'"), ("hex", "unknown")])
def test_unknown_encoding(name, hint):
    with pytest.raises(RecipeError, match=hint):
        decode(b"text", encoding=name, where="f")
