"""A message with fields: an English text is matched, and its fields are carried into a Korean one.

Fields of the English text are written as in an f-string. ``{name}`` is any text within one clause, ``{name!r}`` a text in
quotes, and ``{n}`` or ``{n_name}`` a number. The Korean text says what becomes of them: ``{name}`` is carried over as it
is, ``{name:text}`` is words of our own and translated, and ``{name:을}`` takes the particle that follows its last sound.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from toolkit.language.particles import PARTICLES, with_particle

FIELD = re.compile(r"\{(\w+)(![rs])?(?::([^{}]*))?\}")
OURS = "text"
"""How the Korean text marks a field that holds words of our own."""
BREAK = r"; |[.?!] (?=[A-Z])"
"""What stands between two clauses or two sentences."""

_NUMBER = r"[-+]?\d[\d,.]*"
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_ANY = rf"(?:(?!{BREAK}).)+?"


class Template:
    """A message.

    Args:
        source: the English text with its fields.
        translation: the Korean text with the same fields.
    """

    def __init__(self, source: str, translation: str) -> None:
        self.source = source
        self.translation = translation

    @cached_property
    def literal(self) -> int:
        """Letters that are no field's."""
        return len(FIELD.sub("", self.source))

    @cached_property
    def word(self) -> str:
        """The longest word that is no field's: no text without it matches."""
        return max(words_in(FIELD.sub("\0", self.source)), key=len, default="")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, end, seen = [], 0, set[str]()
        for field in FIELD.finditer(self.source):
            parts += [re.escape(self.source[end : field.start()]), self._of(field[1], field[2], again=field[1] in seen)]
            seen.add(field[1])
            end = field.end()
        return re.compile("".join([*parts, re.escape(self.source[end:])]), re.DOTALL)

    def _of(self, name: str, conversion: str | None, *, again: bool) -> str:
        if again:
            return f"(?P={name})"
        if name == "n" or name.startswith("n_"):
            return f"(?P<{name}>{_NUMBER})"
        return f"(?P<{name}>{_QUOTED if conversion == '!r' else _ANY})"

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

        def one(field: re.Match[str]) -> str:
            value = fields[field[1]]
            if field[3] in PARTICLES:
                return with_particle(value, field[3])
            return translate(value) if field[3] == OURS else value

        return FIELD.sub(one, self.translation)


def words_in(text: str) -> list[str]:
    """Return the English words of a text."""
    return re.findall(r"[A-Za-z]+", text)
