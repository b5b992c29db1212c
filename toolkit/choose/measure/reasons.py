"""Word why a candidate has no result."""

from __future__ import annotations

from typing import Any

from toolkit.choose.advice.catalogue import BYTES_TO_READ, BYTES_TO_TRAIN
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.own_process import KilledError
from toolkit.errors import ToolkitError
from toolkit.report.facts import amount
from toolkit.shortage import free_memory, is_out_of_memory

OUT_OF_MEMORY = "out_of_memory"
"""The detail of a measurement that failed for too little memory."""

KILLED_BY = "killed_by"
"""The detail of a measurement whose process ended without a result: a signal, or words."""


def reason_of(error: BaseException) -> str:
    """Return the cause of a failure in one line."""
    if isinstance(error, ToolkitError) and not _is_for_memory(error):
        return error.faults[0].message
    if _is_for_memory(error):
        return "out of memory"
    line = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {line}" if line else type(error).__name__


def failed(error: BaseException) -> dict[str, Any]:
    """Return what a measurement says of a failure: its reason and its details."""
    return {"reason": reason_of(error), "details": {OUT_OF_MEMORY: True} if _is_for_memory(error) else {}}


def killed(candidate: Candidate, error: KilledError) -> dict[str, Any]:
    """Return what a measurement says of a process that has ended without a result: its reason and its details.

    Args:
        candidate: that was measured.
        error: how the process ended.
    """
    details: dict[str, Any] = {KILLED_BY: error.cause}
    if not error.is_for_memory:
        return {"reason": f"its process ended by {error.cause}, most likely a fault of a library", "details": details}
    details[OUT_OF_MEMORY] = True
    size = candidate.parameters or 0
    if error.cause != "SIGKILL":
        return {"reason": "out of memory", "details": details}
    sentences = ["killed by the system, most likely for memory"]
    if size:
        read, train = (amount(size * of_each, "B") for of_each in (BYTES_TO_READ, BYTES_TO_TRAIN))
        sentences.append(f"its {size:,} parameters take {read} to read and {train} to train")
    free = free_memory()
    if free is not None:
        limit = f"--memory {max(1, free // 10**6)}MB"
        sentences.append(f"{amount(free, 'B')} are free, and {limit} leaves out what takes more")
    return {
        "reason": f"{sentences[0]}: {', '.join(sentences[1:])}" if sentences[1:] else sentences[0],
        "details": details,
    }


def _is_for_memory(error: BaseException) -> bool:
    """Return whether memory could not be had, whatever another layer took it for, such as a damaged file."""
    cause = error.__cause__ if isinstance(error, ToolkitError) else error
    return cause is not None and is_out_of_memory(cause)
