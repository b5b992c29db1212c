"""A recipe as YAML with a comment above each value that somebody may want to change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.language.spoken import translated
from toolkit.recipe.find import schema_line
from toolkit.recipe.resolved import values_yaml
from toolkit.terminal import wrapped
from toolkit.wording import visible

_WIDTH = 100


def commented_yaml(
    tree: Mapping[str, Any], why: Mapping[str, str], *, command: str, about: str, more: Sequence[str] = ()
) -> str:
    """Return a recipe's text.

    Args:
        tree: its values, in the order of the file.
        why: a comment by the path of a key, such as ``data.max_length``; of a key that is not there it is left out.
        command: that carries it out.
        about: the sentence at its top.
        more: further comments below it.
    """
    lines = [
        f"# {_plain(command)}",
        *_comment(about),
        *(line for text in more for line in _comment(text)),
        schema_line(),
    ]
    for key, value in tree.items():
        lines += _comment(why.get(key, ""))
        if isinstance(value, Mapping) and value:
            lines.append(f"{key}:")
            for inner, part in value.items():
                lines += [f"  {line}" for line in _comment(why.get(f"{key}.{inner}", ""))]
                lines += [f"  {line}" for line in values_yaml({inner: part}, compact=True).rstrip("\n").split("\n")]
        else:
            lines += values_yaml({key: value}, compact=True).rstrip("\n").split("\n")
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    """Return a comment, which people read, in the language that is spoken."""
    return [f"# {line}" for line in wrapped(translated(_plain(text)), _WIDTH)] if text else []


def _plain(text: str) -> str:
    """Return a text as one line; names of columns and files may hold any character."""
    return visible(" ".join(text.split()))
