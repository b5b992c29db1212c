"""What the terminal behind a stream can do: its width, lines that are drawn again, colour.

It answers for one stream at a time, because one of the two may be a file. Nothing is asked of the terminal itself.
"""

from __future__ import annotations

import os
from typing import TextIO

_NO_TERM = ("", "dumb", "unknown")
_USUAL_WIDTH = 80
_BOLD, _END = "\x1b[1m", "\x1b[0m"
RED, YELLOW = "31", "33"


def width_of(stream: TextIO) -> int | None:
    """Return the number of cells of a line; None if the stream is no terminal, and lines may have any length."""
    if not stream.isatty():
        return None
    named = os.environ.get("COLUMNS", "")
    if named.isascii() and named.isdigit() and int(named):
        return int(named)
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return columns or _USUAL_WIDTH  # a terminal that was never told its size says 0


def can_redraw(stream: TextIO) -> bool:
    """Return True if the stream is a terminal whose cursor moves, so that a bar can be drawn again."""
    if not stream.isatty():
        return False
    term = os.environ.get("TERM", "").lower()
    return term not in _NO_TERM or (os.name == "nt" and not term)  # Windows names none


def has_colour(stream: TextIO) -> bool:
    """Return True if the stream is a terminal with colours, and nobody has asked for none (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or not can_redraw(stream):
        return False
    # The old console of Windows shows the codes themselves; what came after it says who it is.
    return os.name != "nt" or any(os.environ.get(name) for name in ("WT_SESSION", "ANSICON", "TERM"))


def bold(text: str, stream: TextIO, *, colour: str | None = None) -> str:
    """Return a text as it stands out in a stream: bold, perhaps in a colour; unchanged where there is none."""
    if not text or not has_colour(stream):
        return text
    return f"{_BOLD if colour is None else f'{_BOLD[:-1]};{colour}m'}{text}{_END}"


def wrapped(text: str, width: int) -> list[str]:
    """Break a line at its words; a wide letter, such as a Korean one, takes two cells.

    A word that is longer than a line is broken where the line ends.
    """
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return [text]
    from rich.console import Console
    from rich.text import Text

    lines = Text(text).wrap(Console(width=width), max(width, 1), overflow="fold", tab_size=4)
    return [line.plain.rstrip() for line in lines] or [""]
