"""Ctrl-C and SIGTERM: save within one step, then stop; the same command goes on later."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from toolkit.progress import say

by_clock = threading.Event()
"""Set where SIGINT comes from a clock and from no person: nobody is told what to press then."""


class Interrupted(BaseException):
    """The run was asked to stop and can go on.

    Not an `Exception`: nothing that handles faults on the way may take it for one.

    Args:
        signal_number: SIGINT or SIGTERM.
    """

    def __init__(self, signal_number: int) -> None:
        self.exit_code = 128 + signal_number
        super().__init__(f"interrupted by {signal.Signals(signal_number).name}; the same command goes on where it was")


class StopRequest:
    """Remembers that a signal came."""

    def __init__(self) -> None:
        self.signal_number: int | None = None

    def raise_if_asked(self) -> None:
        """Raise `Interrupted` if a signal came."""
        if self.signal_number is not None:
            raise Interrupted(self.signal_number)


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """While inside, the first SIGINT or SIGTERM is remembered; a second one stops at once.

    In a thread other than the main one Python delivers no signals, so nothing is changed there.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def remember(signal_number: int, _frame: FrameType | None) -> None:
        if request.signal_number is not None:
            raise Interrupted(signal_number)
        request.signal_number = signal_number
        if not by_clock.is_set():
            say("stopping after this step and saving; once more to stop at once")

    watched = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, remember) for number in watched}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
