"""Runs the command line in processes that a test can kill."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any

SAID = "said.txt"


def command(arguments: list[str], folder: str) -> None:
    """Run ``toolkit`` in a folder and leave with its exit code; what it says goes to the file `SAID` there."""
    os.chdir(folder)
    os.dup2(os.open(SAID, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.environ["HF_HUB_OFFLINE"] = "1"
    from toolkit.cli.main import run

    sys.exit(run(arguments))


def processes_at_once() -> Any:
    """Processes that start in no time: they are forked from one that has imported everything and run nothing."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["toolkit.workflow.fine_tune", "toolkit.workflow.apply"])
    return context


def start(processes: Any, arguments: list[str], folder: Path) -> Any:
    """Start ``toolkit`` in a folder; return its process."""
    process = processes.Process(target=command, args=(arguments, str(folder)))
    process.start()
    return process


def finish(processes: Any, arguments: list[str], folder: Path) -> None:
    """Run ``toolkit`` in a folder to its end."""
    process = start(processes, arguments, folder)
    process.join()
    assert process.exitcode == 0


def wait_for_lines(process: Any, log: Path, more: int) -> None:
    """Wait until a run has logged so many lines more; with a line a step this is its progress."""
    target = _lines(log) + more
    while process.is_alive() and _lines(log) < target:
        time.sleep(0.005)


def _lines(log: Path) -> int:
    try:
        return log.read_text(encoding="utf-8").count("\n")
    except FileNotFoundError:
        return 0
