"""Opens model folders that cannot be trusted, and writes what the process did meanwhile.

The first argument is a file with JSON, ``{"commands": {name: [argument, …]}}``; a JSON object goes to stdout, by name:
the exit code, what was written to stderr, the files that were opened, and all that reached beyond the process.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

BEYOND = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "builtins.input")


def main() -> None:
    from toolkit.cli.main import run

    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    seen: list[tuple[str, str]] = []
    # An audit hook sees what Python does itself, whatever library asks for it (https://peps.python.org/pep-0578/).
    sys.addaudithook(lambda event, args: seen.append((event, str(args[0]))) if event in (*BEYOND, "open") else None)
    results: dict[str, Any] = {}
    for name, arguments in plan["commands"].items():
        seen.clear()
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = run(arguments)
        results[name] = {
            "code": code,
            "stderr": said.getvalue(),
            "opened": sorted({path for event, path in seen if event == "open"}),
            "beyond": [event for event, _ in seen if event != "open"],
        }
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
