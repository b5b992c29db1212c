import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.recipe.scalars import plain_value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("1e-5", 1e-5),
        ("1E-5", 1e-5),
        ("5.0e-5", 5e-5),
        ("1e5", 1e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("+3", 3),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-0", 0),
        ("true", True),
        ("FALSE", False),
        ("", None),
        ("~", None),
        ("Null", None),
    ],
)
def test_words_with_a_value(word, value):
    assert plain_value(word) == value
    assert type(plain_value(word)) is type(value)


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "yes",
        "on",
        "off",
        "y",
        "12:30",
        "2024-01-01",
        "1_000",
        "0b1",
        "e5",
        ".",
        "1e",
        "nUll",
        "１２",
        "1e5.0",
    ],
)
def test_words_that_stay_text(word):
    assert plain_value(word) == word


@pytest.mark.parametrize("word", [".inf", "-.INF", ".nan", ".NaN", "1e999", "-1e999", "9" * 5000])
def test_numbers_that_cannot_be_computed_with_are_refused(word):
    with pytest.raises(ValueError, match=r"finite|too large"):
        plain_value(word)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63) | st.booleans() | st.none())
def test_every_json_scalar_reads_as_itself(value):
    read = plain_value(json.dumps(value))
    assert read == value
    assert type(read) is type(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_is_lost(number):
    assert math.copysign(1.0, plain_value(repr(number))) == math.copysign(1.0, number)
    assert plain_value(repr(number)).hex() == number.hex()
