"""The values of plain words in YAML: the core schema of YAML 1.2.2 (https://yaml.org/spec/1.2.2/#103-core-schema).

PyYAML reads YAML 1.1, where ``1e-5`` is a text, ``no`` is False, ``010`` is 8 and ``12:30`` is 750.
"""

from __future__ import annotations

import math
import re

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_PREFIXED = {re.compile(r"0o[0-7]+"): 8, re.compile(r"0x[0-9a-fA-F]+"): 16}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

# Python refuses to convert more than about 4,300 digits; no setting needs a number of this length.
_LONGEST_NUMBER = 300


def plain_value(word: str) -> str | int | float | bool | None:
    """Return the value of a plain (unquoted) word.

    Raises:
        ValueError: if the word is a number that is not finite or too large.
    """
    if word in NULLS:
        return None
    if word in BOOLEANS:
        return BOOLEANS[word]
    if _NOT_FINITE.fullmatch(word):
        raise ValueError(f"{word} is not a number to compute with; write a finite one")
    return _number(word)


def _number(word: str) -> str | int | float:
    bases = [base for pattern, base in _PREFIXED.items() if pattern.fullmatch(word)]
    is_integer = bool(bases) or _INTEGER.fullmatch(word) is not None
    if not is_integer and not _FLOAT.fullmatch(word):
        return word
    if len(word) > _LONGEST_NUMBER:
        raise ValueError(f"{word[:12]}… is too large a number")
    if is_integer:
        return int(word, bases[0] if bases else 10)
    number = float(word)
    if math.isinf(number):
        raise ValueError(f"{word} is too large a number")
    return number
