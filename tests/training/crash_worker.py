"""Runs the command line in a process that a test can kill."""

from __future__ import annotations

import os
import sys


def command(arguments: list[str], folder: str) -> None:
    """Run ``toolkit`` in a folder and leave with its exit code."""
    os.chdir(folder)
    os.environ["HF_HUB_OFFLINE"] = "1"
    from toolkit.cli.main import run

    sys.exit(run(arguments))
