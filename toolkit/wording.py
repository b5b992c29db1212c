"""Values and rows as text for people: numbers, lists, aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

TEXT_WIDTH = 80
"""Characters of a text that stands in a table."""


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

    grid = [list(header), *(list(row) for row in rows)]
    widths = [max(cell_len(row[column]) for row in grid) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()

    return [line(row) for row in grid]


def shortened(text: str) -> str:
    """Return a text as one line that fits beside a few columns."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_WIDTH else line[: TEXT_WIDTH - 1] + "…"
