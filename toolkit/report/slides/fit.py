"""How much of a text fits: letters are measured by their kind, with room to spare, since fonts differ.

The unit is a point; a slide is 960 of them wide. No font has to be there: the widths are those of DejaVu Sans, which is
the widest that takes the place of Arial, and a Korean, Chinese or Japanese letter is as wide as it is high.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import regex

LINE_HEIGHT = 1.25
"""Of the size of its letters."""

BOLD = 1.12
"""Of the width of usual letters."""

_NARROW, _SLIM, _USUAL, _BROAD, _WIDEST, _SQUARE = 0.34, 0.42, 0.64, 0.8, 1.0, 1.0
_KINDS = {letter: width for letters, width in (("iljI' |", _NARROW), ('ftr.,:;!()[]-"/', _SLIM)) for letter in letters}
_KINDS |= dict.fromkeys("mwMW@%—…", _WIDEST)
ELLIPSIS = "…"


@cache
def _letter(letter: str) -> float:
    """Return the width of what is seen as one letter, in its size."""
    first = letter[0]
    if (known := _KINDS.get(first)) is not None:
        return known
    if unicodedata.east_asian_width(first) in ("W", "F") or ord(first) > 0xFFFF:
        return _SQUARE
    if unicodedata.combining(first):
        return 0.0
    return _USUAL if first.isascii() and not first.isupper() else _BROAD


def width(text: str, size: float) -> float:
    """Return the width of a line in points.

    Args:
        text: one line.
        size: of its letters, in points.
    """
    return size * sum(_letter(letter) for letter in regex.findall(r"\X", text))


def wrap(text: str, room: float, size: float) -> list[str]:
    """Break a text into lines as a slide will: at blanks, else where the line ends, and at its own line ends.

    Args:
        text: any.
        room: width of the lines in points.
        size: of the letters.
    """
    return [line for part in text.split("\n") for line in _wrapped(part, room, size)]


def _wrapped(text: str, room: float, size: float) -> list[str]:
    lines, line = [], ""
    for word in regex.findall(r"\S+\s*|\s+", text):
        if width((line + word).rstrip(), size) <= room:
            line += word
            continue
        if line.strip():
            lines.append(line.rstrip())
        *full, line = _broken(word, room, size)
        lines += full
    return [*lines, line.rstrip()]


def _broken(word: str, room: float, size: float) -> list[str]:
    """Break a word that is longer than a line; a word that is not stays whole."""
    if width(word.rstrip(), size) <= room:
        return [word]
    parts, part, taken = [], "", 0.0
    for letter in regex.findall(r"\X", word):
        wide = size * _letter(letter)
        if part and taken + wide > room:
            parts.append(part)
            part, taken = "", 0.0
        part, taken = part + letter, taken + wide
    return [*parts, part]


def shorten(text: str, room: float, size: float, lines: int = 1) -> str:
    """Return a text, or as much of its beginning as fits on some lines, with ``…`` behind it.

    Args:
        text: any.
        room: width of the lines in points.
        size: of the letters.
        lines: how many there may be.
    """
    if len(text) > 8 * (most := int(lines * room / (size * _NARROW)) + 1):
        text = text[: 8 * most]  # nobody needs a megabyte measured
    if len(wrap(text, room, size)) <= lines:
        return text
    letters = regex.findall(r"\X", text)
    low, high = 0, len(letters)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        fits = len(wrap("".join(letters[:middle]).rstrip() + ELLIPSIS, room, size)) <= lines
        low, high = (middle, high) if fits else (low, middle - 1)
    return "".join(letters[:low]).rstrip() + ELLIPSIS


def height(text: str, room: float, size: float) -> float:
    """Return the height of a text in lines of a width, in points."""
    return len(wrap(text, room, size)) * size * LINE_HEIGHT
