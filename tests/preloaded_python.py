#!/usr/bin/env python3
"""A Python for tests whose processes begin with torch, transformers and peft in memory.

The toolkit verifies models in fresh processes of `sys.executable`. Imports alone take such a process four seconds, and
the tests start more than a hundred. `preloaded_python` writes an executable that can stand in the place of
`sys.executable`: it hands script, folder, environment and streams to a server, which has imported the libraries and
forks. The fork then runs the script as ``__main__`` and knows nothing of the process that asked, nor of earlier forks.

Libraries read the environment when they are imported, so each environment gets a server of its own. The cache folder
``HF_HOME`` differs from process to process: the server was started with a symbolic link, which is turned before a fork.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

LONGEST_START_SECONDS = 120
LARGEST_REQUEST_BYTES = 1 << 20


def preloaded_python(folder: Path) -> Path:
    """Write the executable into an empty folder; its servers end when the folder or this process is gone."""
    executable = folder / "python"
    text = Path(__file__).read_text(encoding="utf-8").partition("\n")[2]
    executable.write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8")
    executable.chmod(0o755)
    (folder / "owner").write_text(f"{os.getpid()}\n{sys.executable}", encoding="utf-8")
    return executable


def ask(folder: Path, arguments: list[str]) -> int:
    """Let a server run a script with this process's streams, folder and environment; return the exit code."""
    python = (folder / "owner").read_text(encoding="utf-8").splitlines()[1]
    number = next((i for i, argument in enumerate(arguments) if argument.endswith(".py")), None)
    if number is None:
        os.execv(python, [python, *arguments])
    flags, command = arguments[:number], arguments[number:]
    environment = dict(os.environ)
    environment.pop("PYTEST_CURRENT_TEST", None)  # differs from test to test
    home = environment.pop("HF_HOME", "")
    key = hashlib.sha256(json.dumps([flags, environment], sort_keys=True).encode()).hexdigest()[:12]
    server = folder / key
    if not server.is_dir():
        server.mkdir()
        subprocess.Popen(
            [python, *flags, str(folder / "python"), "--serve", str(server)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(server / "errors").open("wb"),
            start_new_session=True,
            env={**environment, "HF_HOME": str(server / "home")},
        )
    request = {"command": command, "folder": str(Path.cwd()), "home": home}
    with _connected(server) as connection:
        socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
        return int(connection.recv(8) or b"1")


def _connected(server: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    end = time.monotonic() + LONGEST_START_SECONDS
    while True:
        try:
            connection.connect(str(server / "socket"))
            return connection
        except FileNotFoundError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def serve(folder: Path) -> None:
    """Import the libraries, then fork for each request, one after the other."""
    _open_a_model(folder / "model")
    gc.freeze()  # a collection in a fork would copy the memory that it shares
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(folder / "socket.new"))
        listening.listen()
        (folder / "socket.new").rename(folder / "socket")
        while _is_wanted(folder):
            if select.select([listening], [], [], 1.0)[0]:
                with listening.accept()[0] as connection:
                    _answer(connection, folder)


def _open_a_model(folder: Path) -> None:
    """Import what opening any model takes; transformers compiles a thousand patterns with the first one."""
    import peft  # noqa: F401
    from transformers import AutoTokenizer, BertConfig, BertModel, PreTrainedTokenizerFast  # noqa: F401

    config = BertConfig(hidden_size=2, num_hidden_layers=1, num_attention_heads=1, intermediate_size=2, vocab_size=2)
    BertModel(config).save_pretrained(folder)
    BertModel.from_pretrained(folder)


def _is_wanted(folder: Path) -> bool:
    """Return whether the folder and the process that made it are still there."""
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((folder.parent / "owner").read_text(encoding="utf-8").splitlines()[0]), 0)
        return True
    return False


def _answer(connection: socket.socket, folder: Path) -> None:
    message, streams, _, _ = socket.recv_fds(connection, LARGEST_REQUEST_BYTES, 3)
    request = json.loads(message)
    (folder / "home").unlink(missing_ok=True)
    (folder / "home").symlink_to(request["home"] or folder / "none")
    child = os.fork()
    if child == 0:
        _become(request, streams)
    for stream in streams:
        os.close(stream)
    connection.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _become(request: dict[str, Any], streams: list[int]) -> NoReturn:
    """Run the script as a process of its own would, and end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(request["folder"])
    sys.argv = request["command"]
    code: Any = 0
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 1
    for written in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__} - {None}:
        written.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
    else:
        sys.exit(ask(Path(__file__).parent, sys.argv[1:]))
