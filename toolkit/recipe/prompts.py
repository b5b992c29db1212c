"""Prompts with gaps: the names in braces are the columns of a row that a model reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

SOURCE = "source"

_GAP = re.compile(r"\{(\w+)\}")


def gaps_of(prompt: str) -> tuple[str, ...]:
    """Return the names of the gaps of a prompt, each once, in their order."""
    return tuple(dict.fromkeys(_GAP.findall(prompt)))


def inputs_of(prompt: str | None) -> tuple[str, ...]:
    """Return the names of the columns that a prompt puts together; none where it shows ``source`` alone."""
    gaps = () if prompt is None else gaps_of(prompt)
    return () if gaps == (SOURCE,) else gaps


def filled(prompt: str, values: Mapping[str, str]) -> str:
    """Return a prompt with its gaps filled; braces in the values are plain text."""
    return _GAP.sub(lambda gap: values.get(gap[1], gap[0]), prompt)


def parts_of(prompt: str) -> list[str]:
    """Return the text of a prompt and the names of its gaps in turn; the first and the last part are text."""
    return _GAP.split(prompt)
