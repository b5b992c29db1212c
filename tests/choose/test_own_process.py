"""Processes that are killed, crash, take too long or lose the one that asked: for real, by signals."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from toolkit import progress
from toolkit.choose.measure.own_process import KilledError, OutOfTimeError, in_own_process
from toolkit.progress import Bar, progress_bar, say, warn

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
LONG = 300.0


def _gone(processes: list[psutil.Process]) -> bool:
    """Whether processes end within some seconds; a zombie has ended."""
    left = psutil.wait_procs(processes, timeout=30)[1]
    return all(process.status() == psutil.STATUS_ZOMBIE for process in left)


def _tell_and_count() -> int:
    say("first")
    with progress_bar("counting", 3, start=1) as bar:
        bar.advance(note="one more")
        warn("a doubt")
        bar.advance()
    say("100 % done")
    sys.stdout.write("not for the results\n")
    sys.stdout.flush()
    return 42


def test_messages_and_bars_come_in_their_order_and_then_the_result(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("toolkit")

    @contextmanager
    def drawn(description: str, total: int, *, start: int = 0) -> Iterator[Bar]:
        class Drawn:
            def advance(self, steps: int = 1, *, note: str = "") -> None:
                say(f"bar +{steps} {note}")

        say(f"bar {description} {start}/{total}")
        yield Drawn()
        say("bar ends")

    monkeypatch.setattr(logger, "propagate", True)
    before = progress.draw_with(drawn)
    try:
        with caplog.at_level(logging.INFO, logger="toolkit"):
            assert in_own_process(_tell_and_count, seconds=LONG) == 42
    finally:
        progress.draw_with(before)
    assert caplog.messages == [
        "first",
        "bar counting 1/3",
        "bar +1 one more",
        "a doubt",
        "bar +1 ",
        "bar ends",
        "100 % done",
    ]
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_signal_ends_the_process_and_not_this_one(number: signal.Signals) -> None:
    with pytest.raises(KilledError) as caught:
        in_own_process(partial(signal.raise_signal, number), seconds=LONG)
    assert caught.value.cause == number.name
    assert caught.value.is_for_memory == (number is signal.SIGKILL)


def _read_a_vocabulary_in_little_memory() -> None:
    from tokenizers import Tokenizer, models

    words = {f"word-{place}": place for place in range(200_000)}
    held = psutil.Process().memory_info().vms + (4 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (held, held))
    Tokenizer(models.WordLevel(words, unk_token="word-0"))


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_a_library_that_aborts_for_want_of_memory_is_known_by_its_last_words() -> None:
    with pytest.raises(KilledError) as caught:
        in_own_process(_read_a_vocabulary_in_little_memory, seconds=LONG)
    assert (caught.value.cause, caught.value.is_for_memory) == ("SIGABRT", True)


def test_a_process_that_ends_without_a_word() -> None:
    with pytest.raises(KilledError, match="exit code 3"):
        in_own_process(partial(os._exit, 3), seconds=LONG)


def _with_a_process_of_its_own(file: Path) -> None:
    started = subprocess.Popen(["sleep", "300"])
    file.write_text(f"{os.getpid()} {started.pid}", encoding="utf-8")
    started.wait()


def test_when_the_time_is_up_the_process_and_those_that_it_has_started_end(tmp_path: Path) -> None:
    in_own_process(os.getpid, seconds=LONG)  # the server has started
    file = tmp_path / "processes"
    began = time.monotonic()
    with pytest.raises(OutOfTimeError, match="stopped after 3 s, the time that it was given"):
        in_own_process(partial(_with_a_process_of_its_own, file), seconds=3.0)
    assert time.monotonic() - began < 60
    numbers = [int(number) for number in file.read_text(encoding="utf-8").split()]
    assert _gone([psutil.Process(number) for number in numbers if psutil.pid_exists(number)])
    with pytest.raises(OutOfTimeError, match="no time was left"):
        in_own_process(os.getpid, seconds=0.0)


def test_what_it_depends_on_goes_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONLY_HERE", "설정")
    monkeypatch.chdir(tmp_path)
    assert in_own_process(partial(os.getenv, "ONLY_HERE"), seconds=LONG) == "설정"
    assert in_own_process(os.getcwd, seconds=LONG) == str(tmp_path)


def test_nothing_is_left_of_a_script_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"  # without `if __name__ == "__main__"`, as many scripts are
    script.write_text(
        "import time\nfrom functools import partial\n"
        "from toolkit.choose.measure.own_process import in_own_process\n"
        "in_own_process(partial(time.sleep, 300), seconds=300)\n",
        encoding="utf-8",
    )
    asked = psutil.Popen([sys.executable, str(script)])
    end = time.monotonic() + 120
    while len(started := asked.children(recursive=True)) < 3:  # server, resource tracker, and the process itself
        assert asked.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)
    asked.kill()
    asked.wait()
    assert _gone(started)
