"""Too little disk or memory, recognised in whatever a library raises for it.

No library keeps the system's error. torch reports the position at which its stream stopped, safetensors and tokenizers
raise classes of their own with the text of the error, numpy counts what it wrote, and the C++ allocators have words of
their own (the tests cause each of them: ``tests/test_shortage.py``).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from toolkit.errors import ResourceError, ToolkitError

MEMORY_ADVICE = "take a smaller model or shorter texts, or end other programs"

_CONTAINER = Path("/sys/fs/cgroup")
_HARDLY_ANY = 16 << 20
_DISK_CODES = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_DISK_WORDS = re.compile(
    r"no space left on device|file too large|disk quota exceeded|not enough space on the disk"
    r"|os error (27|28|112|122)\b|inline_container\.cc|pytorchstreamwriter|file write failed"
    r"|database or disk is full|^\d+ requested and \d+ written$",
    re.IGNORECASE,
)
_MEMORY_WORDS = re.compile(
    r"out of memory|defaultcpuallocator|not enough memory|cannot allocate memory|can't allocate|failed to allocate"
    r"|unable to allocate|bad_?alloc|malloc of size|alloc_failed|memory allocation of \d+ bytes|os error 12\b"
    r"|paging file is too small|failed to map segment|\bmemoryerror\b|can't start new thread",
    re.IGNORECASE,
)


def is_full_disk(error: BaseException) -> bool:
    """Return whether an error, or one that it came from, says that a file could not grow."""
    return any(
        (isinstance(each, OSError) and each.errno in _DISK_CODES) or _DISK_WORDS.search(str(each)) is not None
        for each in _chain(error)
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error, or one that it came from, says that memory could not be had.

    Where hardly any is left, libraries fail in any way, such as a `SystemError` without a cause.
    """
    free = None if isinstance(error, ToolkitError) else free_memory()
    if free is not None and free < _HARDLY_ANY:
        return True
    return any(
        isinstance(each, MemoryError)
        or (isinstance(each, OSError) and each.errno == errno.ENOMEM)
        or _MEMORY_WORDS.search(str(each)) is not None
        for each in _chain(error)
    )


def says_out_of_memory(text: str) -> bool:
    """Return whether what another process wrote says that memory could not be had."""
    return _MEMORY_WORDS.search(text) is not None


def full_disk(folder: str | Path, *, needed: int | None = None, fix: str = "make room and try again") -> ResourceError:
    """Return the error of a file that could not grow.

    Args:
        folder: where it was written; its disk is asked for the free bytes.
        needed: bytes of what was to be written; None: unknown.
        fix: what to do, as a clause.
    """
    free = free_bytes(Path(folder))
    found = "the disk is full" if free is None else f"the disk is full: {free:,} bytes are free"
    most = largest_file()
    if most is not None and (free is None or free > most):
        found = f"a file may have {most:,} bytes here at most (ulimit -f)"
    wanted = "more are needed" if needed is None else f"{needed:,} are needed"
    return ResourceError(f"{found}, {wanted}; {fix}", where=str(folder))


def out_of_memory(fix: str, *, where: str | None = None) -> ResourceError:
    """Return the error of memory that could not be had, with what to do as a clause."""
    free = free_memory()
    found = "" if free is None else f": {free:,} bytes are free"
    return ResourceError(f"out of memory{found}; {fix}", where=where)


def shortage_of(error: BaseException) -> ResourceError | None:
    """Return the error of a shortage that nothing has told better; None for an error of another kind."""
    if isinstance(error, ToolkitError):  # what another layer took it for, such as a damaged file
        cause = error.__cause__
        return None if cause is None or isinstance(error, ResourceError) else shortage_of(cause)
    if is_full_disk(error):
        file = getattr(error, "filename", None)
        return ResourceError("the disk is full; make room and try again") if file is None else full_disk(file)
    if is_out_of_memory(error):
        return out_of_memory(MEMORY_ADVICE)
    return None


@contextlib.contextmanager
def disk_for(
    folder: str | Path, *, needed: Callable[[], int] | None = None, fix: str = "make room and try again"
) -> Iterator[None]:
    """Tell a full disk in the block as one line; every other error passes.

    Args:
        folder: where the block writes.
        needed: counts the bytes of what is to be written, and is asked only after a failure.
        fix: what to do, as a clause.

    Raises:
        ResourceError: the disk is full.
    """
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        if not is_full_disk(error):
            raise
        raise full_disk(folder, needed=None if needed is None else needed(), fix=fix) from error


def free_bytes(folder: Path) -> int | None:
    """Return the free bytes of the disk of a folder or of its nearest parent that exists; None if it cannot tell."""
    for path in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            return shutil.disk_usage(path).free
    return None


def memory_bytes() -> int | None:
    """Return the memory of this machine; None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no such call
        return None


def free_memory() -> int | None:
    """Return the bytes that this process can still have, by the machine, its limits and its container.

    None where the system cannot tell.
    """
    try:
        import psutil
    except (ImportError, MemoryError):  # too little memory even for that
        return None
    found: list[int] = []
    with contextlib.suppress(OSError, RuntimeError, MemoryError):
        found.append(int(psutil.virtual_memory().available))
    with contextlib.suppress(OSError, ValueError):  # of a container, see the kernel's cgroup-v2.rst
        limit, held = (
            int((_CONTAINER / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current")
        )
        found.append(limit - held)
    if sys.platform != "win32":
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            with contextlib.suppress(OSError, psutil.Error, MemoryError):
                found.append(limit - int(psutil.Process().memory_info().vms))
    return max(0, min(found)) if found else None


def largest_file() -> int | None:
    """Return the bytes that a file of this process may have at most; None without a limit."""
    if sys.platform == "win32":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and the errors that it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
