"""Ctrl-C and SIGTERM: save after the current step, then stop; the same command goes on later."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from toolkit.progress import say


class Interrupted(BaseException):
    """A run that was stopped by a signal and can be resumed.

    It is no `Exception`, so that no handler of faults catches it.

    Args:
        signal_number: SIGINT or SIGTERM.
    """

    def __init__(self, signal_number: int) -> None:
        self.exit_code = 128 + signal_number
        super().__init__(f"interrupted by {signal.Signals(signal_number).name}; the same command goes on where it was")


class StopRequest:
    """A record of the signal that came."""

    def __init__(self) -> None:
        self.signal_number: int | None = None

    def raise_if_asked(self) -> None:
        """Raise `Interrupted` if a signal came."""
        if self.signal_number is not None:
            raise Interrupted(self.signal_number)


@contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Record the first SIGINT or SIGTERM inside of the block; a second one stops at once.

    Python delivers signals to the main thread alone, so in any other thread nothing is changed.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def remember(signal_number: int, _frame: FrameType | None) -> None:
        if request.signal_number is not None:
            raise Interrupted(signal_number)
        request.signal_number = signal_number
        say("stopping after this step and saving; once more to stop at once")

    watched = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, remember) for number in watched}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
