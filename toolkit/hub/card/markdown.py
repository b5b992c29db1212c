"""Strings that nobody has checked, made safe to stand in a Markdown text."""

from __future__ import annotations

import re
from typing import Any

_SPECIAL = re.compile(r"([\\`*_\[\]|~#$])")
_WHITE_SPACE = re.compile(r"\s+")
_BACKTICKS = re.compile(r"`+")


class Markdown:
    """Text that is Markdown already, and so is neither escaped by `escape` nor by Jinja's HTML escaping."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __html__(self) -> str:
        """Return the text, as Jinja's protocol wants it."""
        return self._text

    def __str__(self) -> str:
        return self._text


def escape(value: Any) -> Any:
    """Escape a value for a line or a table cell: one line, every Markdown mark taken literally.

    The marks of HTML are left to Jinja's own escaping, which comes after this.
    """
    if isinstance(value, str):
        return _SPECIAL.sub(r"\\\1", _one_line(value))
    return value


def code_span(text: str) -> Markdown:
    """Write a name in code type on one line; not for table cells, where its ``|`` would divide."""
    inner = _one_line(text)
    longest = max(map(len, _BACKTICKS.findall(inner)), default=0)
    if not longest:
        return Markdown(f"`{inner or ' '}`")
    marks = "`" * (longest + 1)
    return Markdown(f"{marks} {inner} {marks}")


def code_block(text: str, language: str) -> Markdown:
    """Write a fenced block, whose fence is longer than any in the text."""
    longest = max(map(len, _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Markdown(f"{fence}{language}\n{text.rstrip()}\n{fence}")


def _one_line(text: str) -> str:
    return _WHITE_SPACE.sub(" ", text).strip()
