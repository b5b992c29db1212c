"""stdout for results, stderr for everything else."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from toolkit.errors import Fault
from toolkit.wording import escaped_json, visible

_NOISY_LIBRARIES = ("transformers", "datasets", "huggingface_hub", "accelerate", "peft", "bitsandbytes")


class _PlainLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = visible(record.getMessage())
        return f"warning: {text}" if record.levelno >= logging.WARNING else text


def prepare(*, as_json: bool, debug: bool) -> None:
    """Set up both streams: UTF-8 everywhere, our lines on stderr, messages of libraries only with ``--debug``."""
    # A stream that the shell has closed (>&-) is None.
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    ours = logging.getLogger("toolkit")
    ours.handlers = [logging.StreamHandler(sys.stderr)]
    ours.handlers[0].setFormatter(_PlainLines())
    ours.setLevel(logging.WARNING if as_json else logging.INFO)
    ours.propagate = False
    if not debug:
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("TQDM_DISABLE", "1")
        warnings.simplefilter("ignore")
        for name in _NOISY_LIBRARIES:
            logging.getLogger(name).setLevel(logging.ERROR)


def report_faults(faults: Sequence[Fault], *, code: int, as_json: bool) -> None:
    """Write each fault as one line to stderr, and with ``--json`` one object to stdout.

    Of several faults each line of ``message`` begins with its own position; ``where`` is that of the first.
    """
    for fault in faults:
        sys.stderr.write(f"error: {visible(str(fault))}\n")
    if as_json:
        message = faults[0].message if len(faults) == 1 else "\n".join(map(str, faults))
        with contextlib.suppress(OSError):  # stdout may be what failed
            print_json({"error": {"code": code, "message": message, "where": faults[0].where}})


def print_json(value: Any) -> None:
    """Write one JSON object to stdout."""
    sys.stdout.write(escaped_json(json.dumps(value, ensure_ascii=False, allow_nan=False)) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Write the lines of a result to stdout."""
    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))


def print_piece(piece: str) -> None:
    """Write a piece of a text to stdout, so that it is seen at once."""
    sys.stdout.write(visible(piece))
    sys.stdout.flush()


def example(*commands: str) -> str:
    """Return the end of a verb's help: commands that can be copied, never wrapped."""
    title = "Example" if len(commands) == 1 else "Examples"
    return "\n".join(["\b", f"{title}:", *(f"  {command}" for command in commands)])


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
