"""A terminal without a window: the command line runs in it, and what stands on its screen can be read."""

from __future__ import annotations

import fcntl
import os
import select
import struct
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte

CTRL_C = b"\x03"
_LONGEST_SECONDS = 300.0


def _in_terminal(arguments: list[str], folder: str, device: str, variables: dict[str, str]) -> None:
    """Run ``toolkit`` in a folder with a terminal as the only one of a new session, so that Ctrl-C reaches it."""
    os.setsid()
    terminal = os.open(device, os.O_RDWR)
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for number in (0, 1, 2):
        os.dup2(terminal, number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    os.chdir(folder)
    for name in ("COLUMNS", "LINES", "NO_COLOR", "TERM"):
        os.environ.pop(name, None)
    os.environ.update(variables)
    from toolkit.cli.main import main

    main(arguments)


class Terminal:
    """A terminal of a number of columns, whose screen is never full.

    Its screen is wider than it says, so that a line that is too long shows itself. `snapshots` are the lines that stood
    on the screen after each time that something was written.
    """

    def __init__(self, folder: Path, *, columns: int = 80, variables: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.columns = columns
        self.variables = {"TERM": "xterm-256color"} if variables is None else variables
        self.screen = pyte.Screen(4 * columns, 2000)
        self.written = b""
        self.snapshots: list[list[str]] = []
        self._stream = pyte.ByteStream(self.screen)

    def run(
        self, processes: Any, arguments: list[str], *, interrupt_when: Callable[[list[str]], bool] | None = None
    ) -> int:
        """Run ``toolkit`` to its end; return its exit code.

        Args:
            processes: the fixture.
            arguments: of the command line.
            interrupt_when: Ctrl-C is pressed once what stands on the screen is so.
        """
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.columns, 0, 0))
        process = processes.Process(
            target=_in_terminal, args=(arguments, str(self.folder), os.ttyname(theirs), self.variables)
        )
        process.start()
        ends, pressed = time.monotonic() + _LONGEST_SECONDS, interrupt_when is None
        while time.monotonic() < ends:
            alive = process.is_alive()
            if select.select([ours], [], [], 0.02)[0]:
                chunk = os.read(ours, 1 << 16)
                self.written += chunk
                self._stream.feed(chunk)
                self.snapshots.append(self.lines())
            elif not alive:
                break
            if not pressed and interrupt_when is not None and interrupt_when(self.lines()):
                os.write(ours, CTRL_C)
                pressed = True
        else:
            process.kill()
        process.join()
        os.close(ours)
        os.close(theirs)
        code: int = process.exitcode
        return code

    def lines(self) -> list[str]:
        """Return the lines on the screen, without the empty ones at its end."""
        shown = [line.rstrip() for line in self.screen.display]
        while shown and not shown[-1]:
            shown.pop()
        return shown
