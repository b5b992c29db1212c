"""Binary files of data are checked in a process of their own, because their library may crash on damaged ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from toolkit.data.file_kinds import kind_of
from toolkit.data.text_files import refuse_kind
from toolkit.errors import DataError, explain
from toolkit.shortage import out_of_memory, says_out_of_memory

_CHECK = Path(__file__).with_name("check_arrow.py")
_KILL = 9  # the signal by which a system ends what takes too much memory
_SECONDS = 60
_BYTES_A_SECOND = 5_000_000
_FIX = "write it again from its source"


def refuse_damage(path: Path, kind: str) -> None:
    """Refuse a file that is damaged, or something else than its name says.

    Reading it in another process takes 0.3 s and as long as reading it here.

    Args:
        path: the file.
        kind: ``parquet`` or ``arrow``.

    Raises:
        DataError: reading it fails, kills the process or does not end.
        ResourceError: memory runs out.
    """
    found = kind_of(path)
    if found not in (None, "a parquet file" if kind == "parquet" else "an Arrow file"):
        refuse_kind(found, path)
    # Without the folder of the program on the path, whose modules have names like those of Python.
    command = [sys.executable, "-P", str(_CHECK), kind, str(path)]
    limit = _SECONDS + path.stat().st_size / _BYTES_A_SECOND
    try:
        done = subprocess.run(command, capture_output=True, timeout=limit, stdin=subprocess.DEVNULL, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise DataError(f"not a readable {kind} file: reading it does not end", where=str(path)) from error
    fault = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode == -_KILL or says_out_of_memory(fault or done.stderr.decode("utf-8", "replace")):
        raise out_of_memory("give fewer rows at once, or end other programs", where=str(path))
    if fault or done.returncode:
        message = f"not a readable {kind} file: {fault or 'reading it crashes'}"
        raise DataError(explain(message, fix=_FIX), where=str(path))
