"""A message with fields: an English text is matched, and its fields are carried into a Korean one.

Fields of the English text are written as in an f-string. ``{name}`` is any text within one clause, ``{name!r}`` a text
in quotes, and ``{n}`` or ``{n_name}`` a number. The Korean text says what becomes of them: ``{name}`` is carried over
as it is, ``{name:text}`` is words of our own and translated, and ``{name:을}`` takes the particle that follows its last
sound. ``{name:text:을}`` is both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from toolkit.language.particles import PARTICLES, with_particle

FIELD = re.compile(r"\{(\w+)(![rs])?(?::([^{}]*))?\}")
OURS = "text"
"""How the Korean text marks a field that holds words of our own."""
BREAK = r"; |[.?!] (?=[A-Z\d])"
"""What stands between two clauses or two sentences."""

QUOTED = "!r"
_NUMBER = r"[-+]?\d[\d,.]*(?:e[-+]?\d+)?"
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_ANY = rf"(?:(?!{BREAK}).)+?"
_FIRST = rf"(?:(?!{BREAK}|: ).)+?"  # a name before a message is none of its fields


class Template:
    """A message.

    Args:
        source: the English text with its fields.
        translation: the Korean text with the same fields.
    """

    def __init__(self, source: str, translation: str) -> None:
        self.source = source
        self.translation = translation

    def rank(self) -> tuple[int, int]:
        """Return the place among others that a text may match: the least for the most letters that are no field's."""
        return self._rank

    @cached_property
    def _rank(self) -> tuple[int, int]:
        of_any = sum(not _is_number(field[1]) and field[2] != QUOTED for field in FIELD.finditer(self.source))
        return -len(FIELD.sub("", self.source)), of_any

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, end, seen = [], 0, set[str]()
        for field in FIELD.finditer(self.source):
            parts += [re.escape(self.source[end : field.start()]), self._of(field, again=field[1] in seen)]
            seen.add(field[1])
            end = field.end()
        return re.compile("".join([*parts, re.escape(self.source[end:])]), re.DOTALL)

    def _of(self, field: re.Match[str], *, again: bool) -> str:
        name, any_text = field[1], _ANY if field.start() else _FIRST
        if again:
            return f"(?P={name})"
        return f"(?P<{name}>{_NUMBER if _is_number(name) else _QUOTED if field[2] == QUOTED else any_text})"

    def fields_of(self, text: str) -> dict[str, str] | None:
        """Return the fields that a text fills the message with; None if it is another message."""
        found = self._pattern.fullmatch(text)
        return None if found is None else found.groupdict()

    def filled(self, fields: dict[str, str], translate: Callable[[str], str]) -> str:
        """Return the Korean text.

        Args:
            fields: by name.
            translate: for those that hold words of our own.
        """
        return filled(self.translation, fields, translate)


def filled(text: str, fields: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """Return a text with its fields filled in, each followed by the particle that it asks for.

    Args:
        text: with fields as the Korean text has them.
        fields: by name.
        translate: for those that hold words of our own.
    """

    def one(field: re.Match[str]) -> str:
        value, ways = str(fields[field[1]]), ways_of(field)
        if OURS in ways:
            value = translate(value)
        return next((with_particle(value, way) for way in ways if way in PARTICLES), value)

    return FIELD.sub(one, text)


def ways_of(field: re.Match[str]) -> list[str]:
    """Return how a field of the Korean text is filled: as `OURS`, with a particle, or both."""
    return field[3].split(":") if field[3] else []


def _is_number(name: str) -> bool:
    return name == "n" or name.startswith("n_")


def a_word_of(source: str) -> str:
    """Return a word that every text of a message has; nothing where it has none of letters alone."""
    behind = source.partition("} ")[2].partition(" ")[0]
    return behind if behind.isalpha() else max(words_in(FIELD.sub("\0", source)), key=len, default="")


def words_in(text: str) -> list[str]:
    """Return the English words of a text."""
    return re.findall(r"[A-Za-z]+", text)
