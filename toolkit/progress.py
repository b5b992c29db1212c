"""Messages while long work runs: progress bars on a terminal, plain lines elsewhere.

Everything goes to stderr, so that stdout stays free for results.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

logger = logging.getLogger("toolkit")


class Bar(Protocol):
    """A running progress bar."""

    def advance(self, steps: int = 1, *, note: str = "") -> None:
        """Advance by some steps and show a short note after the bar."""


class Draw(Protocol):
    """A way to show progress bars."""

    def __call__(self, description: str, total: int, *, start: int = 0) -> AbstractContextManager[Bar]:
        """Show a bar while a block runs; arguments as of `progress_bar`."""


class _SilentBar:
    def advance(self, steps: int = 1, *, note: str = "") -> None:
        """Show nothing, because stderr is no terminal."""


def say(line: str) -> None:
    """Tell the user one line about the work; the command line shows it on stderr."""
    logger.info(line)


def warn(line: str) -> None:
    """Tell the user one line that deserves attention."""
    logger.warning(line)


def progress_bar(description: str, total: int, *, start: int = 0) -> AbstractContextManager[Bar]:
    """Show a progress bar with the remaining time; it is drawn only if stderr is a terminal.

    Args:
        description: the work in words.
        total: number of steps of the whole work.
        start: number of steps that are done already, for work that is resumed.
    """
    return _draw(description, total, start=start)


def draw_with(draw: Draw) -> Draw:
    """Show all bars of this process in another way from now on; return the way before."""
    global _draw
    before, _draw = _draw, draw
    return before


@contextmanager
def _on_terminal(description: str, total: int, *, start: int = 0) -> Iterator[Bar]:
    if not sys.stderr.isatty() or not logger.isEnabledFor(logging.INFO):
        yield _SilentBar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(description, total=total, completed=start, note="")

        class _RichBar:
            def advance(self, steps: int = 1, *, note: str = "") -> None:
                progress.advance(task, steps)
                if note:
                    progress.update(task, note=note)

        yield _RichBar()


_draw: Draw = _on_terminal
