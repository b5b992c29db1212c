"""Values and rows as text for people: numbers, lists, aligned columns, and characters that would not be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

TEXT_WIDTH = 80
"""Characters of a text that stands in a table."""

MOST_SHOWN = 600
"""Characters of a text that stands by itself on a page or a card."""

# What moves a cursor, colours or turns the text around it (https://unicode.org/reports/tr9/), has no width, or is half
# a surrogate pair. Line ends and tabs are harmless.
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
# Persian letters, Indic syllables and emoji need these, within a word of their own.
_JOINING = "[\u200c-\u200f]"
_HIDDEN = re.compile(rf"[{_UNSEEN}]|(?<![^\x00-\x7f]){_JOINING}|{_JOINING}(?![^\x00-\x7f])")


def visible(text: str) -> str:
    """Return a text for people's eyes, with symbols for characters that have no look of their own.

    Whatever is shown goes through it on its way out: lines of a terminal, pages and cards. Control characters become
    Unicode's pictures of them, such as ``␛``, others their number, such as ``⟨U+202E⟩``. Data keep what they have.
    """
    return _HIDDEN.sub(_symbol, text)


def escaped_json(text: str) -> str:
    r"""Return JSON with such characters as escapes, such as ``\u202e``: the same values, and harmless to look at."""
    return _HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _symbol(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


def number(value: float) -> str:
    """Return a score, or a difference of two, to three significant digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def enumerated(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str]) -> list[str]:
    """Align rows under a header; a wide letter, such as a Korean one, takes two columns."""
    from rich.cells import cell_len

    grid = [[visible(cell) for cell in row] for row in (header, *rows)]
    widths = [max(cell_len(row[column]) for row in grid) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()

    return [line(row) for row in grid]


def shortened(text: str) -> str:
    """Return a text as one line that fits beside a few columns."""
    return cut(" ".join(text.split()), TEXT_WIDTH)


def cut(text: str, most: int) -> str:
    """Return a text, or its beginning with ``…`` behind it; no letter and no emoji is parted from its marks.

    Args:
        text: of any length.
        most: characters of what is returned.
    """
    if len(text) <= most:
        return text
    import regex

    ends = [found.end() for found in regex.finditer(r"\X", text[:most])]
    return text[: max((end for end in ends if end < most), default=most - 1)].rstrip() + "…"
