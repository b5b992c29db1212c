"""Read a gettext catalogue, https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html.

The text form is shipped as it is edited: it is small, and a compiled one would have to be built and kept in step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """An entry.

    Attributes:
        sources: the English text, and perhaps its plural.
        translation: what stands for all of them.
        context: where alone it holds, such as ``word``; empty: in every text.
    """

    sources: tuple[str, ...]
    translation: str
    context: str = ""


def read_po(path: Path) -> Iterator[Entry]:
    """Yield the entries that have a translation, but for the header.

    Raises:
        ValueError: a line is none of a catalogue.
    """
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        fields = _fields(block)
        sources = tuple(fields[name] for name in ("msgid", "msgid_plural") if fields.get(name))
        translation = fields.get("msgstr") or fields.get("msgstr[0]")
        if sources and translation:
            yield Entry(sources, translation, fields.get("msgctxt", ""))


def _fields(block: str) -> dict[str, str]:
    """Return the strings of a block by their keyword; strings in adjacent lines are one."""
    fields: dict[str, str] = {}
    name = ""
    for line in block.split("\n"):
        if not line or line.startswith("#"):
            continue
        keyword, quote, rest = line.partition('"')
        name = keyword.strip() or name
        if not quote or not name or not rest.endswith('"'):
            raise ValueError(f"this line is none of a catalogue: {line}")
        text = rest[:-1]
        fields[name] = fields.get(name, "") + (ast.literal_eval(f'"{text}"') if "\\" in text else text)
    return fields
