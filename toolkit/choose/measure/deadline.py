"""Work that ends when its time is up, whatever it is at: the way that Ctrl-C takes, which saves what can be saved."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Iterator

from toolkit.interrupt import Interrupted, by_clock

_PENDING_SECONDS = 0.05  # a signal that was sent has been answered by then


class OutOfTimeError(Exception):
    """The work was stopped because its time was up.

    Args:
        seconds: that it was given.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        said = f"stopped after {seconds:.0f} s, the time that it was given" if seconds else "no time was left for it"
        super().__init__(said)


class _Alarm:
    """Interrupts the main thread once, if it goes off while it is set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = True

    def go_off(self) -> None:
        with self._lock:
            if self._is_set:
                by_clock.set()
                _thread.interrupt_main(signal.SIGINT)

    def disarm(self) -> None:
        with self._lock:
            self._is_set = False


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Do what is inside within a time; training stops after its step and keeps a checkpoint.

    Python interrupts its main thread alone: in another one nothing is stopped.

    Args:
        seconds: after which the work is interrupted.

    Raises:
        OutOfTimeError: the time was up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if seconds <= 0:
        raise OutOfTimeError(0.0)
    alarm = _Alarm()
    timer = threading.Timer(seconds, alarm.go_off)
    timer.daemon = True
    with _interruptible():
        try:
            try:
                timer.start()
                yield
            finally:
                timer.cancel()
                alarm.disarm()
                if by_clock.is_set():
                    time.sleep(_PENDING_SECONDS)  # the interruption comes here if it has not come yet
        except (KeyboardInterrupt, Interrupted):
            if by_clock.is_set():
                raise OutOfTimeError(seconds) from None
            raise
        finally:
            by_clock.clear()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Have SIGINT interrupt Python where it is ignored, as in the background jobs of scripts, or left to the system."""
    before = signal.getsignal(signal.SIGINT)
    if before not in (signal.SIG_IGN, signal.SIG_DFL):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
