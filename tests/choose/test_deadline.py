from __future__ import annotations

import signal
import threading
import time

import pytest

from toolkit.choose.measure.deadline import OutOfTimeError, within
from toolkit.interrupt import Interrupted, stop_on_signals


def _work(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


def test_work_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(OutOfTimeError, match="the time that it was given"), within(0.05):
        _work(30.0)


def test_without_time_nothing_is_begun() -> None:
    begun: list[bool] = []
    with pytest.raises(OutOfTimeError, match="no time"), within(0.0):
        begun.append(True)
    assert not begun


def test_work_that_is_done_in_time_is_not_stopped_later() -> None:
    with within(0.2):
        _work(0.01)
    _work(0.5)


def test_work_that_is_done_in_time_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with within(30.0):
        assert threading.active_count() == before + 1
    _work(0.1)
    assert threading.active_count() == before


@pytest.mark.parametrize("unheard", [signal.SIG_IGN, signal.SIG_DFL])
def test_work_is_stopped_where_nobody_listens_to_ctrl_c(unheard: signal.Handlers) -> None:
    before = signal.signal(signal.SIGINT, unheard)
    try:
        with pytest.raises(OutOfTimeError), within(0.05):
            _work(2.0)
        assert signal.getsignal(signal.SIGINT) is unheard
    finally:
        signal.signal(signal.SIGINT, before)


def _train(seconds: float) -> None:
    """As `toolkit.training` waits for a signal: it saves a checkpoint, and raises `Interrupted` then."""
    with within(seconds), stop_on_signals() as stop:
        while stop.signal_number is None:
            time.sleep(0.01)
        stop.raise_if_asked()


def test_training_is_asked_to_stop_and_nobody_is_told_what_to_press(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("toolkit.interrupt.say", said.append)
    with pytest.raises(OutOfTimeError):
        _train(0.05)
    assert said == []
    with within(30.0), stop_on_signals():
        signal.raise_signal(signal.SIGINT)
    assert said == ["stopping after this step and saving; once more to stop at once"]


def test_an_interruption_by_the_user_stays_one() -> None:
    with pytest.raises(KeyboardInterrupt), within(30.0):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(Interrupted), within(30.0):
        raise Interrupted(signal.SIGTERM)


def test_a_fault_of_the_work_stays_one() -> None:
    with pytest.raises(ValueError, match="broken"), within(30.0):
        raise ValueError("broken")


def test_in_another_thread_nothing_is_stopped() -> None:
    done: list[bool] = []

    def work() -> None:
        with within(0.01):
            _work(0.1)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
