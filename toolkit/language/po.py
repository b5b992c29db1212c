"""Read a gettext catalogue, https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html.

The text form is shipped as it is edited: it is small, and a compiled one would have to be built and kept in step.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WORD = "word"
"""The context of entries that hold where single words of ours stand alone, such as the head of a table."""
PAGE = "page"
"""The context of entries that are looked up alone, never matched: sentences of pages and slides."""
ADVICE = "advice"
"""The same for what is known of the families before anything is measured."""
CARD = "card"
"""The same for a model's card, whose sentences are Markdown."""

_PART = r'[^"\\\n]*(?:\\.[^"\\\n]*)*'
_STRING = rf'"({_PART}(?:"\n"{_PART})*)"'
_ENTRY = re.compile(
    rf"^(?:msgctxt {_STRING}\n)?msgid {_STRING}\n(?:msgid_plural {_STRING}\n)?msgstr(?:\[0\])? {_STRING}$", re.MULTILINE
)
_ESCAPED = re.compile(r'"\n"|\\(.)')
_MEANT = {"n": "\n", "t": "\t"}


class Entry(NamedTuple):
    """An entry.

    Attributes:
        sources: the English text, and perhaps its plural.
        translation: what stands for all of them.
        context: where alone it holds, such as ``word``; empty: in every text.
    """

    sources: tuple[str, ...]
    translation: str
    context: str = ""


def read_folder(folder: Path) -> Iterator[Entry]:
    """Yield the entries of a language, whose files each hold those of an area."""
    for file in sorted(folder.glob("*.po")):
        yield from read_po(file)


def read_po(path: Path) -> Iterator[Entry]:
    """Yield the entries that have a translation, but for the header."""
    for context, source, plural, translation in _ENTRY.findall(path.read_text(encoding="utf-8")):
        if source and translation:
            sources = (_plain(source), _plain(plural)) if plural else (_plain(source),)
            yield Entry(sources, _plain(translation), context)


def _plain(string: str) -> str:
    """Return a string without its escapes, and what is continued in the next line as one."""
    if "\\" not in string and "\n" not in string:
        return string
    return _ESCAPED.sub(lambda found: _MEANT.get(found[1], found[1] or ""), string)
