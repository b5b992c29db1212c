"""Messages and progress bars of one process, shown by another in their order.

The process that works calls `send_messages`. The other one has the terminal, and shows what comes with a `Screen`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from toolkit import progress
from toolkit.progress import Bar, logger


@dataclass(frozen=True)
class Line:
    """One line for the user, with its level of `logging`."""

    level: int
    text: str


@dataclass(frozen=True)
class Begin:
    """A progress bar begins; arguments as of `toolkit.progress.progress_bar`."""

    description: str
    total: int
    start: int


@dataclass(frozen=True)
class Advance:
    """The bar that began last advances."""

    steps: int
    note: str


@dataclass(frozen=True)
class End:
    """The bar that began last ends."""


Message: TypeAlias = Line | Begin | Advance | End


def send_messages(send: Callable[[Message], None]) -> None:
    """Send all lines and bars of this process away from now on, instead of showing them."""
    logger.handlers = [_Sender(send)]
    logger.setLevel(logging.INFO)
    logger.propagate = False

    class SentBar:
        def advance(self, steps: int = 1, *, note: str = "") -> None:
            send(Advance(steps, note))

    @contextmanager
    def bar(description: str, total: int, *, start: int = 0) -> Iterator[Bar]:
        send(Begin(description, total, start))
        try:
            yield SentBar()
        finally:
            send(End())

    progress.draw_with(bar)


class _Sender(logging.Handler):
    def __init__(self, send: Callable[[Message], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        self._send(Line(record.levelno, record.getMessage()))


class Screen:
    """Shows the messages of another process; a bar that its process has left open ends with the block."""

    def __init__(self) -> None:
        self._bars: list[tuple[AbstractContextManager[Bar], Bar]] = []

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        while self._bars:
            self.show(End())

    def show(self, message: Message) -> None:
        """Show a message."""
        match message:
            case Line(level, text):
                logger.log(level, "%s", text)
            case Begin(description, total, start):
                block = progress.progress_bar(description, total, start=start)
                self._bars.append((block, block.__enter__()))
            case Advance(steps, note):
                self._bars[-1][1].advance(steps, note=note)
            case End():
                self._bars.pop()[0].__exit__(None, None, None)
