"""stdout for results, stderr for everything else."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from toolkit.errors import Fault

_NOISY_LIBRARIES = ("transformers", "datasets", "huggingface_hub", "accelerate", "peft")


class _PlainLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        return f"warning: {text}" if record.levelno >= logging.WARNING else text


def prepare(*, as_json: bool, debug: bool) -> None:
    """Set up both streams: UTF-8 everywhere, our lines on stderr, the libraries' own talk only with ``--debug``."""
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
    """Each fault as one line on stderr; with ``--json`` also one object on stdout."""
    for fault in faults:
        sys.stderr.write(f"error: {fault}\n")
    if as_json:
        message = "\n".join(" ".join(fault.message.split("\n")) for fault in faults)
        where = faults[0].where if faults else None
        print_json({"error": {"code": code, "message": message, "where": where}})


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Lines of a result on stdout."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
