"""Runs command lines under real limits: a small disk of their own, files of a greatest size, little memory.

Read a JSON object from the first argument's file, write one JSON object a line to stdout:

    {"limits": [{"disk": bytes} | {"file": bytes} | {"memory": bytes}], "folder": PATH, "commands": [[argument, …], …],
     "afterwards": true, "until": TEXT}

Each limit gets a process. On a disk of its own (a tmpfs that only this process sees) ``{}`` in an argument is its
folder. With `afterwards` the last command runs again without the limit, in the same folder. With `until` no more
limits are tried once each command has written that text to stderr under one of them.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

NEW_NAMESPACE, PRIVATE, REMOUNT, RECURSIVE = 0x20000, 1 << 18, 32, 1 << 14
NEW_USER = 0x10000000


def mount(folder: Path, size: int, *, again: bool = False) -> bool:
    """Put a disk of some bytes on a folder; return whether the system let us."""
    library = ctypes.CDLL(None, use_errno=True)
    if not again:
        if library.unshare(NEW_NAMESPACE) and library.unshare(NEW_NAMESPACE | NEW_USER):
            return False
        library.mount(b"none", b"/", None, PRIVATE | RECURSIVE, None)
    options = f"size={size}".encode()
    return not library.mount(b"tmpfs", str(folder).encode(), b"tmpfs", REMOUNT if again else 0, options)


def run(
    arguments: list[str], folder: Path, *, file: int | None = None, memory: int | None = None, most: int | None = None
) -> dict[str, Any]:
    """Run a command line in a fork of this process; return its exit code, what it wrote and the bytes it needed.

    It may have some memory beside what it holds, or at most some memory in all, as its own processes then may too.
    """
    streams = [os.pipe(), os.pipe(), os.pipe()]  # which have no limit of size
    held = _status("VmSize")
    child = os.fork()
    if child == 0:
        code: Any = 1
        try:
            for number, (_, write) in enumerate(streams[:2], start=1):
                os.dup2(write, number)
            sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
            os.chdir(folder)
            if file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))
            if memory is not None or most is not None:
                limit = most if memory is None else held + memory
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            from toolkit.cli.main import run as command

            code = command(arguments)
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
        with suppress(MemoryError, OSError):
            os.write(streams[2][1], str(_status("VmPeak") - held).encode())
        os._exit(code if isinstance(code, int) else 1)
    written = []
    for _, write in streams:
        os.close(write)
    for read, _ in (streams[1], streams[0], streams[2]):  # results are small, messages may be many
        with os.fdopen(read, "rb") as opened:
            written.append(opened.read().decode("utf-8", "replace"))
    status = os.waitpid(child, 0)[1]
    stderr, stdout, peak = written
    return {"code": os.waitstatus_to_exitcode(status), "stdout": stdout, "stderr": stderr, "needed": int(peak or 0)}


def _status(name: str) -> int:
    """Return a figure of this process in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def fill_later(folder: Path, when: str) -> None:
    """Leave no byte on a disk as soon as a path is there, as another program may do."""
    while not any(folder.glob(when)):
        time.sleep(0.0005)
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        for block in (1 << 18, 1 << 12):
            with suppress(OSError):
                while ballast.write(bytes(block)):
                    pass


def under(limit: dict[str, Any], plan: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run the commands under one limit, and the last one afterwards without it."""
    folder.mkdir(parents=True)
    if "disk" in limit and not mount(folder, limit["disk"]):
        return {"limit": limit, "skipped": True}
    commands = [[argument.replace("{}", str(folder)) for argument in command] for command in plan["commands"]]
    if "fill" in limit:
        threading.Thread(target=fill_later, args=(folder, limit["fill"]), daemon=True).start()
    runs = [
        run(command, folder, **{name: limit.get(name) for name in ("file", "memory", "most")}) for command in commands
    ]
    left = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    result = {"limit": limit, "runs": runs, "left": left}
    if plan.get("afterwards"):
        (folder / "ballast").unlink(missing_ok=True)
        if "disk" in limit:
            mount(folder, 1 << 28, again=True)
        result["afterwards"] = run(commands[-1], folder)
        weights = sorted(folder.rglob("model/model.safetensors"))
        result["weights"] = [__import__("hashlib").sha256(file.read_bytes()).hexdigest() for file in weights]
    return result


def main() -> None:
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    import toolkit.choose.preloaded
    import toolkit.cli.main
    import toolkit.workflow.export
    import toolkit.workflow.verify  # noqa: F401  (once, for all forks)

    silent = set(range(len(plan["commands"])))
    for number, limit in enumerate(plan["limits"]):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            result = under(limit, plan, Path(plan["folder"]) / str(number))
            with os.fdopen(write, "w", encoding="utf-8") as stream:
                stream.write(json.dumps(result))
            os._exit(0)
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as stream:
            text = stream.read()
        os.waitpid(child, 0)
        sys.stdout.write((text or json.dumps({"limit": limit, "died": True})) + "\n")
        sys.stdout.flush()
        if plan.get("until") and text:
            silent -= {at for at, run in enumerate(json.loads(text)["runs"]) if plan["until"] in run["stderr"]}
            if not silent:
                break


if __name__ == "__main__":
    main()
