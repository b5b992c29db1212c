"""Run work in a process of its own: the system may kill it, and a time limit kills it, and this process goes on.

Where the system has one, a server with the heavy libraries in memory forks the processes, so that each starts at once.
Elsewhere each is a fresh Python, and so where there is a CUDA device: libraries ask for it as they are imported, and a
process that is forked after that cannot use it.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import connection
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from toolkit.relay import Message, Screen, send_messages
from toolkit.shortage import is_out_of_memory, says_out_of_memory

Result = TypeVar("Result")

_PRELOADED = ["toolkit.choose.preloaded"]
_SERVER = "forkserver"
_NO_MEMORY = 12  # as Linux numbers the error
"""Exit code of a process that had no memory left to send what went wrong."""
_SAID = "said"
"""File in a process's scratch folder with what its libraries write past Python, such as Rust's last words."""


class OutOfTimeError(Exception):
    """The work was ended because its time was up.

    Args:
        seconds: the time limit.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        said = f"stopped after {seconds:.0f} s, the time that it was given" if seconds else "no time was left for it"
        super().__init__(said)


class KilledError(Exception):
    """The process ended without a result.

    Args:
        cause: name of a signal, or what happened in words.
        is_for_memory: whether memory has most likely run out.
    """

    def __init__(self, cause: str, *, is_for_memory: bool = False) -> None:
        self.cause = cause
        self.is_for_memory = is_for_memory
        super().__init__(f"ended by {cause}")

    @classmethod
    def by(cls, exit_code: int | None, said: str) -> KilledError:
        """Return the error of a process that has ended.

        Args:
            exit_code: minus the number of a signal, or the process's own code.
            said: what its libraries wrote: Rust and C++ abort where memory cannot be had, and say so before.
        """
        try:
            cause = signal.Signals(-(exit_code or 0)).name
        except ValueError:
            cause = f"exit code {exit_code}"
        # nothing but the system's want of memory sends SIGKILL
        is_for_memory = cause == "SIGKILL" or exit_code == _NO_MEMORY or says_out_of_memory(said)
        return cls(cause, is_for_memory=is_for_memory)


@dataclass(frozen=True)
class Finished:
    """The last message of a process: what its work returned."""

    result: Any


@dataclass(frozen=True)
class Broken:
    """The last message of a process that could not begin its work, or not send its result."""

    error: str
    is_for_memory: bool


def start_server() -> None:
    """Let the server begin to load the libraries, where one is used; return at once."""
    if _method() != _SERVER:
        return
    from multiprocessing.forkserver import ensure_running

    with _nothing_of_main(), _deaf_to_ctrl_c(), _untroubled():
        multiprocessing.set_forkserver_preload(_PRELOADED)
        ensure_running()


def in_own_process(work: Callable[[], Result], *, seconds: float) -> Result:
    """Run work in a process of its own, and show its messages here.

    Ctrl-C, and whatever else ends this function, ends the process too. The process ends itself when this one is gone.

    Args:
        work: picklable; returns a picklable result, and raises nothing.
        seconds: time limit; the process is killed then.

    Raises:
        OutOfTimeError: the time was up.
        KilledError: the process ended without a result.
    """
    if seconds <= 0:
        raise OutOfTimeError(0.0)
    ends = time.monotonic() + seconds
    # A process that is killed cleans nothing up.
    with (
        tempfile.TemporaryDirectory(prefix="toolkit-choose-", ignore_cleanup_errors=True) as scratch,
        _started() as (process, connected),
    ):
        timer = threading.Timer(max(0.0, ends - time.monotonic()), partial(_kill, process))
        timer.daemon = True
        timer.start()
        try:
            result: Result = _listen(connected, pickle.dumps(_surroundings(scratch)), pickle.dumps(work))
        except EOFError:
            process.join()
            if time.monotonic() >= ends:
                raise OutOfTimeError(seconds) from None
            raise KilledError.by(process.exitcode, _said(scratch)) from None
        finally:
            timer.cancel()
    return result


@contextlib.contextmanager
def _started() -> Iterator[tuple[Any, connection.Connection]]:
    """Start a process that waits for work, and end it with the block."""
    start_server()
    context: Any = multiprocessing.get_context(_method())  # the stubs know no method by a variable name
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,))
    try:
        try:
            with _nothing_of_main():
                process.start()
        except (EOFError, ConnectionError):  # the server has most likely been killed
            raise KilledError("the end of the server that starts it", is_for_memory=True) from None
        theirs.close()
        yield process, ours
    finally:
        if process.pid is not None:
            if process.is_alive():
                _kill(process)
            process.join()
        ours.close()


def _method() -> str:
    import torch

    has_server = _SERVER in multiprocessing.get_all_start_methods()
    return _SERVER if has_server and not torch.cuda.is_available() else "spawn"


def _listen(ours: connection.Connection, *requests: bytes) -> Any:
    """Send the surroundings and the work, and show messages until its result comes.

    Raises:
        EOFError: the process ended before.
        KilledError: the work could not begin, or its result not be sent.
    """
    with Screen() as screen:
        for request in requests:
            _talk(ours.send_bytes, request)
        while True:
            message = pickle.loads(_talk(ours.recv_bytes))  # noqa: S301  (our own process has written it)
            if isinstance(message, Finished):
                return message.result
            if isinstance(message, Broken):
                raise KilledError(message.error, is_for_memory=message.is_for_memory)
            screen.show(message)


def _talk(act: Callable[..., Any], *arguments: bytes) -> Any:
    """Send or receive; a connection that breaks in the middle of a message is at its end too."""
    try:
        return act(*arguments)
    except OSError as error:
        raise EOFError from error


def _kill(process: Any) -> None:
    """End a process with all processes that it has started."""
    with contextlib.suppress(AttributeError, OSError):  # Windows has no groups
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _said(scratch: str) -> str:
    """Return what the libraries of a process have written, as far as it came."""
    with contextlib.suppress(OSError):  # it ended before it had the file
        return (Path(scratch) / _SAID).read_text(encoding="utf-8", errors="replace")
    return ""


@contextlib.contextmanager
def _nothing_of_main() -> Iterator[None]:
    """Let processes begin without the script that was started: it may have no guard against beginning once more."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextlib.contextmanager
def _untroubled() -> Iterator[None]:
    """Let Python's resource tracker, which begins in the block, not tell of locks that a killed process has held."""
    before = os.environ.get("PYTHONWARNINGS")
    ignored = "ignore::UserWarning:multiprocessing.resource_tracker"
    os.environ["PYTHONWARNINGS"] = ignored if before is None else f"{before},{ignored}"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Let a process that begins in the block ignore Ctrl-C, which is for this process to answer."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# Below: in the process itself.


def _surroundings(scratch: str) -> dict[str, Any]:
    """Return what work depends on beside its arguments and what a new process has not: variables, filters, levels."""
    loggers = {name: each.level for name, each in logging.root.manager.loggerDict.items() if hasattr(each, "level")}
    return {"variables": dict(os.environ), "filters": warnings.filters, "levels": loggers, "scratch": scratch}


def _serve(theirs: connection.Connection) -> None:
    """Do the work that comes, send its messages and its result."""
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # so that Ctrl-C comes to the other process alone, which ends this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    lock = threading.Lock()

    def send(message: Message | Finished | Broken) -> None:
        with lock:
            theirs.send_bytes(pickle.dumps(message))

    try:
        _take_over(pickle.loads(theirs.recv_bytes()))  # noqa: S301  (our own process has written it)
        send_messages(send)
        work = pickle.loads(theirs.recv_bytes())  # noqa: S301
        send(Finished(work()))
    except BaseException as error:  # imports take memory too, and Rust panics
        try:
            send(Broken(f"{type(error).__name__}: {error}", is_out_of_memory(error)))
        except MemoryError:  # not even enough is left to tell of it
            os._exit(_NO_MEMORY)
        except OSError:  # nobody listens: Ctrl-C came before the other process had sent the work
            os._exit(1)


def _take_over(surroundings: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(surroundings["variables"])
    warnings.filters = surroundings["filters"]
    tempfile.tempdir = surroundings["scratch"]
    for name, level in surroundings["levels"].items():
        logging.getLogger(name).setLevel(level)
    _write_to(Path(surroundings["scratch"]) / _SAID)


def _write_to(file: Path) -> None:
    """Let what is written past our messages go to a file: stdout is for results, and stderr has progress bars."""
    with file.open("wb") as opened:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # as in a Python without a console
                os.dup2(opened.fileno(), stream.fileno())


def _end_with_parent() -> None:
    """End this process, and those that it has started, as soon as the one that asked for it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)
