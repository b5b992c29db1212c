"""Messages while long work runs: progress bars on a terminal, a line now and then elsewhere.

Everything goes to stderr, so that stdout stays free for results.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from toolkit.language.spoken import translated_word
from toolkit.terminal import can_redraw, width_of

if TYPE_CHECKING:
    from rich.progress import Progress

logger = logging.getLogger("toolkit")

SECONDS_BETWEEN_LINES = 60.0
_BAR_NEEDS, _BARE = 60, 40
"""Cells of a terminal that has room for a bar, and of one that has room for the time that is left."""


class Bar(Protocol):
    """A running progress bar."""

    def advance(self, steps: int = 1, *, note: str = "") -> None:
        """Advance by some steps and show a short note after the bar."""


class Draw(Protocol):
    """A way to show progress bars."""

    def __call__(self, description: str, total: int, *, start: int = 0) -> AbstractContextManager[Bar]:
        """Show a bar while a block runs; arguments as of `progress_bar`."""


def say(line: str) -> None:
    """Tell the user one line about the work; the command line shows it on stderr."""
    logger.info(line)


def warn(line: str) -> None:
    """Tell the user one line that deserves attention."""
    logger.warning(line)


@contextmanager
def without_repeats() -> Iterator[None]:
    """Tell each line once while a block or a function runs, as where the same file is read twice."""
    told: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        line = record.getMessage()
        is_first = line not in told
        told.add(line)
        return is_first

    logger.addFilter(is_new)
    try:
        yield
    finally:
        logger.removeFilter(is_new)


def progress_bar(description: str, total: int, *, start: int = 0) -> AbstractContextManager[Bar]:
    """Show how far work is and how long it will take: a bar on a terminal, elsewhere a line a minute at most.

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


class LiveBars:
    """All running bars at the foot of the terminal; what is written to stderr meanwhile stands above them.

    One display holds them, because two would each move the cursor of the other. It ends with the last bar, and leaves
    nothing on the screen.
    """

    def __init__(self) -> None:
        self._display: Progress | None = None
        self._running = 0

    @contextmanager
    def __call__(self, description: str, total: int, *, start: int = 0) -> Iterator[Bar]:
        """Show a bar while a block runs; arguments as of `progress_bar`."""
        display = self._display or self._begin()
        self._running += 1
        task = display.add_task(translated_word(description), total=total, completed=start, note="")
        display.refresh()  # also work that is done before the display's own next moment has been seen
        try:

            class OnScreen:
                def advance(self, steps: int = 1, *, note: str = "") -> None:
                    shown: dict[str, Any] = {"note": translated_word(note)} if note else {}
                    display.update(task, advance=steps, **shown)

            yield OnScreen()
        finally:
            display.remove_task(task)
            self._running -= 1
            if not self._running:
                self._display = None
                display.stop()

    def _begin(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Left

        width = width_of(sys.stderr) or _BAR_NEEDS
        columns: list[ProgressColumn] = [TextColumn("{task.description}", markup=False)]
        columns += [BarColumn(bar_width=20)] if width >= _BAR_NEEDS else []
        columns += [MofNCompleteColumn()]
        columns += [Left(), TextColumn("{task.fields[note]}", markup=False)] if width >= _BARE else []
        # Results go to stdout, and if that is a file they must not be sent to the screen.
        self._display = Progress(
            *columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
        )
        self._display.start()
        return self._display


class PlainBars:
    """A line about the running work now and then, for stderr that is a file or a terminal that cannot draw.

    Args:
        seconds: the least time between two lines, also of different works.
        clock: seconds that only grow.
    """

    def __init__(self, seconds: float = SECONDS_BETWEEN_LINES, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._last = float("-inf")

    @contextmanager
    def __call__(self, description: str, total: int, *, start: int = 0) -> Iterator[Bar]:
        """Tell of the work while a block runs; arguments as of `progress_bar`."""
        bars, began, clock = self, self._clock(), self._clock
        done = start

        class Told:
            def advance(self, steps: int = 1, *, note: str = "") -> None:
                nonlocal done
                done += steps
                now = clock()
                if now - max(bars._last, began) < bars.seconds:
                    return
                bars._last = now
                left = (total - done) * (now - began) / (done - start) if done > start else None
                told = "" if left is None or done >= total else f"{_rough(left)} left"
                say(", ".join(part for part in (f"{description}: {done:,} of {total:,}", note, told) if part))

        yield Told()


def _rough(seconds: float) -> str:
    """Return a time to come in words, no finer than it can be known."""
    if seconds < 60:
        return "less than a minute"
    hours, minutes = divmod(round(seconds / 60), 60)
    return " ".join(f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min")) if number)


_live, _plain = LiveBars(), PlainBars()


def _on_stderr(description: str, total: int, *, start: int = 0) -> AbstractContextManager[Bar]:
    draws = can_redraw(sys.stderr) and logger.isEnabledFor(logging.INFO)
    return (_live if draws else _plain)(description, total, start=start)


_draw: Draw = _on_stderr
