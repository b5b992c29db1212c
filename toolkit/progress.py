"""Messages while long work runs: progress bars on a terminal, plain lines elsewhere.

Everything goes to stderr, so that stdout stays free for results.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress

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
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[note]}"),
    )
    # A bar within the work of another one stands below it: two displays would write over each other.
    outer = _running.get()
    progress = outer or rich.Progress(*columns, console=Console(stderr=True), transient=True)
    with nullcontext() if outer else progress:
        task = progress.add_task(description, total=total, completed=start, note="")

        class _RichBar:
            def advance(self, steps: int = 1, *, note: str = "") -> None:
                progress.advance(task, steps)
                if note:
                    progress.update(task, note=note)

        token = _running.set(progress)
        try:
            yield _RichBar()
        finally:
            _running.reset(token)
            progress.remove_task(task)


_running: ContextVar[Progress | None] = ContextVar("running", default=None)
_draw: Draw = _on_terminal
