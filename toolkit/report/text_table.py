"""Rows as aligned columns of text."""

from __future__ import annotations

from collections.abc import Sequence

TEXT_WIDTH = 80


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str]) -> list[str]:
    """Rows under a header in aligned columns; wide (Korean) letters count as two."""
    from rich.cells import cell_len

    grid = [list(header), *(list(row) for row in rows)]
    widths = [max(cell_len(row[column]) for row in grid) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        return "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()

    return [line(row) for row in grid]


def shortened(text: str) -> str:
    """A text as one line that fits beside a few columns."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_WIDTH else line[: TEXT_WIDTH - 1] + "…"
