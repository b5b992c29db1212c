"""Values and rows as text for people: numbers, lists, aligned columns, and characters that would not be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import zip_longest

from toolkit.language.spoken import translated, translated_word
from toolkit.terminal import wrapped

TEXT_WIDTH = 80
"""Characters of a text that stands in a table."""
_LONGEST_WORD = 24
"""Cells of a word that a table does not break while other columns can be left out."""

_width: int | None = None

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


class Heading(str):
    """A line that stands over others: the terminal shows it bold."""

    __slots__ = ()


class Aligned(str):
    """A line whose columns stand under those of others: it is shown as it is."""

    __slots__ = ()


class _Head(Heading, Aligned):
    __slots__ = ()


def fit_tables(width: int | None) -> None:
    """Let tables of this process take so many cells from now on; None lets them be as wide as they are."""
    global _width
    _width = width


def table(
    rows: Sequence[Sequence[str]],
    *,
    header: Sequence[str],
    spare: Sequence[str] = (),
    ours: Sequence[str] = ("", "95 % interval"),
) -> list[str]:
    """Align rows under a header; a wide letter, such as a Korean one, takes two columns.

    Where there is less room, see `fit_tables`, columns are left out, and then cells are broken at their words.

    Args:
        rows: a cell for each column.
        header: the names of the columns.
        spare: names of columns that are left out first, in this order; then the last ones are.
        ours: names of columns whose cells are words of ours, and not of the data.
    """
    from rich.cells import cell_len

    told = [
        [translated_word(cell) if name in ours else cell for name, cell in zip(header, row, strict=True)]
        for row in rows
    ]
    grid = [[visible(cell) for cell in row] for row in (list(map(translated_word, header)), *told)]
    kept, left_out = list(range(len(header))), ""
    widths = [max(cell_len(row[column]) for row in grid) for column in kept]
    if _width is not None:
        kept, widths = _fitted(grid, width=_width, spare=[list(header).index(name) for name in spare])
        names = [name for column, name in enumerate(grid[0]) if name and column not in kept]
        left_out = translated(f"(left out: {enumerated(names)}; --wide shows all)") if names else ""

    def lines(row: Sequence[str]) -> list[str]:
        cells = [
            [row[column]] if cell_len(row[column]) <= width else wrapped(row[column], width)
            for column, width in zip(kept, widths, strict=True)
        ]
        return [
            "  ".join(part + " " * (width - cell_len(part)) for part, width in zip(parts, widths, strict=True)).rstrip()
            for parts in zip_longest(*cells, fillvalue="")
        ]

    return [
        *(_Head(line) for line in lines(grid[0])),
        *(Aligned(line) for row in grid[1:] for line in lines(row)),
        *(wrapped(left_out, _width) if left_out and _width is not None else []),
    ]


def _fitted(grid: Sequence[Sequence[str]], *, width: int, spare: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the columns that are kept, and how many cells each of them has."""
    from rich.cells import cell_len

    whole = [max(cell_len(row[column]) for row in grid) for column in range(len(grid[0]))]
    word = [
        max(cell_len(part) for row in grid for part in (*row[column].split(), "")) for column in range(len(grid[0]))
    ]
    kept = list(range(len(whole)))
    last = [column for column in reversed(kept[2:]) if column not in spare]
    for column in [*spare, *last]:
        least = [min(word[k], _LONGEST_WORD) for k in kept] if column in last else [whole[k] for k in kept]
        if sum(least) + 2 * (len(kept) - 1) <= width:
            break
        kept.remove(column)
    room = max(width - 2 * (len(kept) - 1), len(kept))
    # The longest columns give first; no word is broken before that is all they have.
    floor = [min(word[k], _LONGEST_WORD) for k in kept]
    if sum(floor) > room:
        floor = [1] * len(kept)
    cap = max(
        (cap for cap in range(1, width + 1) if sum(_bounded(whole, kept, floor, cap)) <= room),
        default=1,
    )
    return kept, _bounded(whole, kept, floor, cap)


def _bounded(whole: Sequence[int], kept: Sequence[int], floor: Sequence[int], cap: int) -> list[int]:
    return [max(least, min(whole[column], cap)) for column, least in zip(kept, floor, strict=True)]


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
