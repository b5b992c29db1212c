"""A process that carries out command lines one after the other, and the handle of its parent, which restarts it.

The command is the function behind ``toolkit``. Nothing is patched: the process has its own standard streams, a folder
of its own, and a limit of its memory.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

LONGEST_SECONDS = 60.0
MOST_BYTES = 1 << 30
"""What a command may take of memory beyond what the process had."""
_LIMIT_BYTES = 4 << 30
TOLD = frozenset({0, 2, 3, 4, 5, 6, 7})
"""The exit codes of docs/design.md, section 4.1, but those of an interruption."""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; negative for a signal; None if it was ended for its length.
        said: what it wrote to stderr.
        seconds: its time.
        n_bytes: the growth of the process at its largest; 0 where the system cannot tell.
    """

    code: int | None
    said: str
    seconds: float
    n_bytes: int

    @property
    def fault(self) -> str | None:
        """Return what must not be, in a few words; None for an end that is told as it should be."""
        if self.code is None:
            return "does not end"
        if self.code < 0:
            return f"signal {-self.code}"
        if self.code not in TOLD:
            return f"exit {self.code}"
        if "Traceback (most recent call last)" in self.said or "panicked at" in self.said:
            return "traceback"
        if self.code and "error: " not in self.said:
            return "nothing is said"
        if self.n_bytes > MOST_BYTES or (self.code == 4 and "out of memory" in self.said):
            return "too much memory"
        return None


class Worker:
    """The parent's handle; the process starts with the first command.

    Args:
        folder: the working folder of the commands.
        command: ``module:function`` of one list of arguments.
        longest: seconds after which a command is ended.
    """

    def __init__(
        self, folder: Path, *, command: str = "toolkit.cli.main:run", longest: float = LONGEST_SECONDS
    ) -> None:
        self._folder, self._command, self._longest = folder, command, longest
        self._process: subprocess.Popen[str] | None = None

    def run(self, arguments: list[str] | str) -> Ended:
        """Carry out one command line."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()
        timer = threading.Timer(self._longest, lambda: (late.set(), process.kill()))
        begin = time.monotonic()
        timer.start()
        try:
            process.stdin.write(json.dumps(arguments) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            timer.cancel()
        seconds = time.monotonic() - begin
        if line:
            return Ended(**json.loads(line), seconds=seconds)
        code = process.wait()
        self._process = None
        said = (self._folder / "said").read_text(encoding="utf-8", errors="replace")
        return Ended(None if late.is_set() else code, said, seconds, 0)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(Path(__file__)), self._command]
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
        process = subprocess.Popen(command, cwd=self._folder, **streams)
        assert process.stdout is not None
        process.stdout.readline()  # ready
        self._process = process
        return process


def serve(command: str) -> None:
    """Carry out the command lines of stdin; answer each with one JSON line on what was stdout."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    said = Path("said").open("w+b", buffering=0)  # noqa: SIM115  (open as long as the process is)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(said.fileno(), 2)
    module, _, name = command.partition(":")
    carry_out = getattr(importlib.import_module(module), name)
    if module == "toolkit.cli.main":
        importlib.import_module("toolkit.workflow.fine_tune")
    _limit_memory()
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        said.seek(0)
        said.truncate()
        held = _peak_bytes(reset=True)
        try:
            code = carry_out(json.loads(line))
        except BaseException:  # a command that raises is what is looked for
            traceback.print_exc()
            code = 1
        sys.stderr.flush()
        said.seek(0)
        answer = {"code": code, "said": said.read().decode("utf-8", "replace"), "n_bytes": _peak_bytes() - held}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _limit_memory() -> None:
    """Let memory end far above what is allowed, so that a fault does not fill that of the machine."""
    if sys.platform == "linux":
        import resource

        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + _LIMIT_BYTES, held + _LIMIT_BYTES))


def _peak_bytes(*, reset: bool = False) -> int:
    """Return the largest size of this process since the last reset, where the system can tell."""
    if sys.platform != "linux":
        return 0
    if reset:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="cache-", dir=".")
    serve(sys.argv[1])
