"""Particles of Korean: which of a pair follows a word depends on the last sound of the word.

A syllable of Hangul is a code point whose place in its block tells its final consonant (The Unicode Standard, 3.12).
Of digits and Latin letters it is the sound by which they are read in Korean.
"""

from __future__ import annotations

import re
import unicodedata

_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_RIEUL = 8
_OPEN, _CLOSED = 0, 1
# 영 일 이 삼 사 오 육 칠 팔 구
_DIGITS = dict(
    zip("0123456789", (_CLOSED, _RIEUL, _OPEN, _CLOSED, _OPEN, _OPEN, _CLOSED, _RIEUL, _RIEUL, _OPEN), strict=True)
)
# A word of Latin letters is read as it sounds, and these close its last syllable in most; capitals are read by their
# names, as in CSV, MB or NLI. Per cent ends in a vowel.
_LETTERS = {"l": _RIEUL, "L": _RIEUL, "%": _OPEN} | dict.fromkeys("bckmnpqtMN", _CLOSED)

_MARKUP = re.compile(r"<[^<>]*>|&#?\w+;")

PARTICLES = {"이": ("이", "가"), "을": ("을", "를"), "은": ("은", "는"), "과": ("과", "와"), "으로": ("으로", "로")}
PARTICLES |= {"이나": ("이나", "나"), "이라고": ("이라고", "라고")}
"""By the form behind a consonant: that form, and the one behind a vowel."""


def with_particle(word: str, particle: str) -> str:
    """Return a word with the form of a particle that follows its last sound; marks and tags behind it are silent.

    Args:
        word: Hangul, Latin letters or digits, as text or as a piece of a page.
        particle: one of `PARTICLES`.
    """
    behind_consonant, behind_vowel = PARTICLES[particle]
    final = _final(word)
    is_open = final == _OPEN or (particle == "으로" and final == _RIEUL)
    return f"{word}{behind_vowel if is_open else behind_consonant}"


def _final(word: str) -> int:
    """Return what closes the last syllable, 0 where nothing does."""
    for letter in reversed(unicodedata.normalize("NFC", _MARKUP.sub("", word))):
        if _FIRST <= ord(letter) <= _LAST:
            return (ord(letter) - _FIRST) % _FINALS
        if letter in _DIGITS:
            return _DIGITS[letter]
        if letter.isalpha() or letter in _LETTERS:
            return _LETTERS.get(letter, _OPEN)
    return _OPEN
