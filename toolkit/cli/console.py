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
from toolkit.language.spoken import translated, translated_word
from toolkit.terminal import RED, YELLOW, bold, width_of, wrapped
from toolkit.wording import Aligned, Heading, escaped_json, fit_tables, visible

_NOISY_LIBRARIES = ("transformers", "datasets", "huggingface_hub", "accelerate", "peft", "bitsandbytes")


class _OnStderr(logging.Handler):
    """Writes each message where stderr is by then: while bars are drawn, that is above them."""

    def emit(self, record: logging.LogRecord) -> None:
        mark = f"{translated_word('warning')}:" if record.levelno >= logging.WARNING else ""
        text = visible(translated(record.getMessage()))
        whole = "\n".join(_fitted(f"{mark} {text}" if mark else text, width_of(sys.stderr)))
        try:
            sys.stderr.write(f"{bold(mark, sys.stderr, colour=YELLOW)}{whole.removeprefix(mark)}\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


_result_width: int | None = None
"""Cells of a line of stdout; None where lines may have any length."""


def prepare(*, as_json: bool, debug: bool, wide: bool = False) -> None:
    """Set up both streams: UTF-8 everywhere, our lines on stderr, messages of libraries only with ``--debug``.

    Results fit the terminal, if stdout is one, unless they may be `wide`.
    """
    global _result_width
    # A stream that the shell has closed (>&-) is None.
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    _result_width = None if wide else width_of(sys.stdout)
    fit_tables(_result_width)
    ours = logging.getLogger("toolkit")
    ours.handlers = [_OnStderr()]
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


def result_width() -> int | None:
    """Return the cells of a line of stdout; None where lines may have any length."""
    return _result_width


def report_faults(faults: Sequence[Fault], *, code: int, as_json: bool) -> None:
    """Write each fault as one line to stderr, and with ``--json`` one object to stdout.

    Of several faults each line of ``message`` begins with its own position; ``where`` is that of the first.
    """
    mark = bold(f"{translated_word('error')}:", sys.stderr, colour=RED)
    for fault in faults:
        told = Fault(translated(fault.message.replace("\n", " ")), translated_word(fault.where or "") or None)
        sys.stderr.write(f"{mark} {visible(str(told))}\n")
    if as_json:
        message = faults[0].message if len(faults) == 1 else "\n".join(map(str, faults))
        with contextlib.suppress(OSError):  # stdout may be what failed
            print_json({"error": {"code": code, "message": message, "where": faults[0].where}})


def print_json(value: Any) -> None:
    """Write one JSON object to stdout."""
    sys.stdout.write(escaped_json(json.dumps(value, ensure_ascii=False, allow_nan=False)) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Write the lines of a result to stdout; a text of several lines is a document, and stays as it is."""
    for line in lines:
        if "\n" in line:
            sys.stdout.write(f"{visible(line)}\n")
            continue
        told = line if isinstance(line, Aligned) else translated(line)
        whole = "\n".join(_fitted(visible(told), _result_width))
        sys.stdout.write(f"{bold(whole, sys.stdout) if isinstance(line, Heading) else whole}\n")


def _fitted(line: str, width: int | None) -> list[str]:
    """Break a line that is too long for a terminal at its words; a command stays whole, so that it can be copied."""
    text = line.lstrip(" ")
    indent = line[: len(line) - len(text)]
    if width is None or (indent and text.startswith("toolkit ")):
        return [line]
    return [f"{indent}{part}" for part in wrapped(text, width - len(indent))]


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
