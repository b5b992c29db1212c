"""Letters as strokes, for pictures that have to be drawn without a font: Latin letters, signs, and Hangul.

A letter is a few strokes on a grid: capitals reach from 0 to 6, small letters to 4, and below the line ``a`` is -1 and
``b`` -2. A stroke lists its points, the place from the left and then the height; one that begins with ``~`` is drawn
round, its points being the corners of what it is rounded in. A Korean syllable is put together from its parts.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

Stroke = NDArray[np.float64]
"""Points that are joined, ``[points, 2]``: from the left and upwards, 6 being the height of a capital."""

SPACING, HEIGHT, DEPTH = 1.6, 6.0, 2.0
"""The room between two letters, and how far they reach above and below the line."""

_SPACE = 2.0
_HEIGHTS = "ba01234567"
_UNKNOWN = "00 40 46 06 00"
_ROUND_STEPS = 6

_SIGNS = """
A 00 26 40,12 32 | B 00 06,~06 26 46 43 23 03,~03 23 43 40 20 00 | C ~45 46 06 00 40 41 | D 00 06,~06 26 46 40 20 00
E 46 06 00 40,03 33 | F 46 06 00,03 33 | G ~45 46 06 00 40 42,42 43 23 | H 06 00,46 40,03 43 | I 06 00
J ~36 31 30 00 01 | K 06 00,46 02,13 40 | L 06 00 30 | M 00 06 32 66 60 | N 00 06 40 46 | O ~00 50 56 06 00
P 00 06,~06 26 46 43 23 03 | Q ~00 50 56 06 00,32 50 | R 00 06,~06 26 46 43 23 03,23 40 | S ~45 46 06 03 43 40 00 01
T 06 46,26 20 | U ~06 01 00 40 41 46 | V 06 20 46 | W 06 10 34 50 66 | X 06 40,46 00 | Y 06 23 46,23 20
Z 06 46 00 40 | a ~00 40 44 04 00,44 40 | b ~00 40 44 04 00,06 00 | c ~43 44 04 00 40 41 | d ~00 40 44 04 00,46 40
e 02 42,~42 44 04 00 40 41 | f ~36 16 14 10,04 34 | g ~00 40 44 04 00,~44 40 4b 0b 0a | h 06 00,~02 04 44 43 40
i 04 00,06 06 | j ~24 20 2b 0b,26 26 | k 06 00,34 01,12 30 | l ~06 01 00 10 | m 04 00,~02 04 34 33 30,~32 34 64 63 60
n 04 00,~02 04 44 43 40 | o ~00 40 44 04 00 | p ~00 40 44 04 00,04 0b | q ~00 40 44 04 00,44 4b | r 04 00,~02 04 34
s ~33 34 04 02 32 30 00 01 | t ~16 11 10 30,04 34 | u ~04 01 00 40 42,44 40 | v 04 20 44 | w 04 10 34 50 64
x 04 40,44 00 | y 04 20,44 1b | z 04 44 00 40 | 0 ~00 40 46 06 00 | 1 05 26 20 | 2 ~05 06 46 43 21 00,00 40
3 ~05 06 46 43 23,~23 43 40 00 01 | 4 30 36 02 42 | 5 46 06 03,~03 14 44 40 00 01 | 6 ~46 06 01 00 40 44 04 02
7 06 46 10 | 8 ~03 43 46 06 03,~00 40 43 03 00 | 9 ~00 40 45 46 06 02 42 44 | . 00 00 | , 10 0a | : 03 03,00 00
; 13 13,10 0a | - 02 32 | – 02 42 | — 02 62 | _ 0a 4a | / 0a 47 | \\ 07 4a | | 07 0a | ( ~27 05 01 2a
) ~07 25 21 0a | [ 27 07 0a 2a | ] 07 27 2a 0a | { ~27 17 14 03,~03 12 1a 2a | } ~07 17 14 23,~23 12 1a 0a
+ 02 42,24 20 | = 03 43,01 41 | * 22 26,03 45,05 43 | % 00 46,~04 24 26 06 04,~20 40 42 22 20
# 10 16,30 36,02 42,04 44 | & ~40 14 16 36 34 02 00 30 42 | @ ~40 00 06 46 41 31 34,~31 11 14 34 31
' 06 04 | " 06 04,26 24 | ` 06 14 | ^ 04 26 44 | ~ ~02 14 30 42 | < 44 02 40 | > 04 42 00 | ? ~05 06 46 43 23 22,20 20
! 06 02,00 00 | $ ~45 46 06 03 43 40 00 01,27 2a | · 03 03 | … 00 00,20 20,40 40 | × 03 30,33 00
"""

_CONSONANTS = {
    "ㄱ": "04 44 40",
    "ㄴ": "04 00 40",
    "ㄷ": "44 04 00 40",
    "ㄹ": "04 44 42 02 00 40",
    "ㅁ": "00 04 44 40 00",
    "ㅂ": "04 00 40 44,02 42",
    "ㅅ": "24 23 00,23 40",
    "ㅇ": "~00 40 44 04 00",
    "ㅈ": "04 44,24 23 00,23 40",
    "ㅊ": "14 34,03 43,23 00,22 40",
    "ㅋ": "04 44 40,02 42",
    "ㅌ": "44 04 00 40,02 42",
    "ㅍ": "04 44,14 10,34 30,00 40",
    "ㅎ": "14 34,03 43,~00 40 42 02 00",
}
_BESIDE = {
    "ㅏ": "10 14,12 32",
    "ㅑ": "10 14,13 33,11 31",
    "ㅓ": "30 34,12 32",
    "ㅕ": "30 34,13 33,11 31",
    "ㅣ": "20 24",
    "ㅐ": "10 14,12 32,30 34",
    "ㅒ": "10 14,13 33,11 31,30 34",
    "ㅔ": "02 22,20 24,40 44",
    "ㅖ": "03 23,01 21,20 24,40 44",
}
_BELOW = {
    "ㅗ": "01 41,21 24",
    "ㅛ": "01 41,11 14,31 34",
    "ㅜ": "03 43,23 20",
    "ㅠ": "03 43,13 10,33 30",
    "ㅡ": "02 42",
}
# The parts of a syllable in the order of Unicode: initials, vowels, finals; of two letters both stand side by side.
_PARTS = """
ㄱ ㄱㄱ ㄴ ㄷ ㄷㄷ ㄹ ㅁ ㅂ ㅂㅂ ㅅ ㅅㅅ ㅇ ㅈ ㅈㅈ ㅊ ㅋ ㅌ ㅍ ㅎ
ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ
- ㄱ ㄱㄱ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅅㅅ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ
"""
_INITIALS, _VOWELS, _FINALS = (line.split() for line in _PARTS.strip().splitlines())
_FIRST_SYLLABLE, _LAST_SYLLABLE = ord("가"), ord("힣")
# Left, bottom, right and top of a syllable's parts: with no final consonant, and with one.
_BOXES = {
    "beside": ((0.0, 0.3, 3.0, 5.2), (0.0, 2.9, 3.0, 6.0)),
    "right": ((3.2, -0.8, 6.4, 6.4), (3.2, 2.4, 6.4, 6.4)),
    "above": ((0.8, 2.7, 5.2, 6.0), (0.8, 4.2, 5.2, 6.3)),
    "under": ((0.0, -0.4, 6.0, 2.2), (0.0, 2.0, 6.0, 3.7)),
    "corner": ((0.0, 3.0, 3.2, 6.0), (0.0, 4.2, 3.2, 6.3)),
    "left": ((-0.2, 0.0, 3.8, 2.4), (-0.2, 2.2, 3.8, 3.7)),
    "final": ((0.0, 0.0, 0.0, 0.0), (0.8, -0.9, 5.4, 1.4)),
}
_SYLLABLE_WIDTH = 6.4

_Box = tuple[float, float, float, float]


def strokes_of(text: str) -> tuple[list[Stroke], float]:
    """The strokes of a line of text that begins at 0, and its width.

    A letter with an accent loses the accent; what else is unknown becomes a box.
    """
    strokes: list[Stroke] = []
    at = 0.0
    for letter in unicodedata.normalize("NFC", text):
        if letter.isspace():
            at += _SPACE + SPACING
            continue
        drawn, width = _letter(letter)
        strokes += [np.add(stroke, (at, 0.0)) for stroke in drawn]
        at += width + SPACING
    return strokes, max(0.0, at - SPACING)


@cache
def _letter(letter: str) -> tuple[list[Stroke], float]:
    if _FIRST_SYLLABLE <= ord(letter) <= _LAST_SYLLABLE:
        return _syllable(ord(letter) - _FIRST_SYLLABLE), _SYLLABLE_WIDTH
    signs = _signs()
    base = unicodedata.normalize("NFKD", letter)[0]
    strokes = _strokes(signs.get(letter) or signs.get(base) or _UNKNOWN)
    return strokes, max(float(stroke[:, 0].max()) for stroke in strokes)


@cache
def _signs() -> dict[str, str]:
    parts = (part for line in _SIGNS.strip().splitlines() for part in line.split(" | "))
    return {part[0]: part[2:] for part in parts}


def _syllable(number: int) -> list[Stroke]:
    vowels, n_finals = len(_VOWELS), len(_FINALS)
    initial, vowel = _INITIALS[number // (vowels * n_finals)], _VOWELS[number // n_finals % vowels]
    final = _FINALS[number % n_finals]
    closed = final != "-"
    under, beside = vowel[0] in _BELOW, vowel[-1] in _BESIDE
    corner = under and beside
    boxes = {name: both[closed] for name, both in _BOXES.items()}
    strokes = _side_by_side(initial, boxes["corner" if corner else "above" if under else "beside"])
    if under:
        strokes += _strokes(_BELOW[vowel[0]], boxes["left" if corner else "under"])
    if beside:
        strokes += _strokes(_BESIDE[vowel[-1]], boxes["right"])
    return strokes + (_side_by_side(final, boxes["final"]) if closed else [])


def _side_by_side(letters: str, box: _Box) -> list[Stroke]:
    left, bottom, right, top = box
    width = (right - left) / len(letters)
    share = 1.0 if len(letters) == 1 else 0.8
    starts = (left + width * place for place in range(len(letters)))
    return [
        stroke
        for letter, start in zip(letters, starts, strict=True)
        for stroke in _strokes(_CONSONANTS[letter], (start, bottom, start + share * width, top))
    ]


def _strokes(written: str, box: _Box | None = None) -> list[Stroke]:
    """Strokes as they are, or from a grid of 4 by 4 into a box."""
    strokes = [_stroke(each) for each in written.split(",")]
    if box is None:
        return strokes
    left, bottom, right, top = box
    return [stroke / 4 * (right - left, top - bottom) + (left, bottom) for stroke in strokes]


def _stroke(written: str) -> Stroke:
    pairs = written.removeprefix("~").split()
    points = np.array([(float(pair[0]), _HEIGHTS.index(pair[1]) - 2.0) for pair in pairs])
    return _rounded(points) if written.startswith("~") else points


def _rounded(corners: Stroke) -> Stroke:
    """A curve that touches the sides of a polygon in their middles; an open one begins and ends with the polygon."""
    middles = (corners[1:] + corners[:-1]) / 2
    if np.array_equal(corners[0], corners[-1]):
        starts, turns, ends = middles, corners[1:], np.roll(middles, -1, axis=0)
    else:
        starts = np.concatenate([corners[:1], middles[1:-1]])
        turns, ends = corners[1:-1], np.concatenate([middles[1:-1], corners[-1:]])
    at = np.linspace(0, 1, _ROUND_STEPS + 1)[:, np.newaxis, np.newaxis]
    curves = (1 - at) ** 2 * starts + 2 * at * (1 - at) * turns + at**2 * ends
    return np.concatenate([starts[:1], curves[1:].transpose(1, 0, 2).reshape(-1, 2)])
