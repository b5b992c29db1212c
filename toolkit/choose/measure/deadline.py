"""A time limit for any work: it is interrupted as by Ctrl-C, so that a training keeps its checkpoint."""

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
        seconds: the time limit.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        said = f"stopped after {seconds:.0f} s, the time that it was given" if seconds else "no time was left for it"
        super().__init__(said)


class _Alarm:
    """Interrupt the main thread once, unless it was disarmed before."""

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
    """Interrupt the block after some seconds; a training stops after its step and keeps a checkpoint.

    Python interrupts only its main thread: in another thread nothing is stopped.

    Args:
        seconds: the time limit.

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
    """Let SIGINT interrupt Python where it is ignored or has the default action, as in background jobs of scripts."""
    before = signal.getsignal(signal.SIGINT)
    if before not in (signal.SIG_IGN, signal.SIG_DFL):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
