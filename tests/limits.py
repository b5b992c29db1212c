"""Commands under real limits, see `limited_worker`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

WORKER = Path(__file__).with_name("limited_worker.py")


def under_limits(
    python: Path,
    folder: Path,
    commands: list[list[str]],
    *limits: dict[str, Any],
    afterwards: bool = False,
    until: str | None = None,
) -> list[dict[str, Any]]:
    """Run command lines once under each limit; results in the order of the limits, see `limited_worker`."""
    folder.mkdir(exist_ok=True)
    plan = folder / "plan.json"
    content = {"limits": limits, "folder": str(folder / "limited"), "commands": commands}
    content |= {"afterwards": afterwards, "until": until}
    plan.write_text(json.dumps(content), encoding="utf-8")
    done = subprocess.run([str(python), str(WORKER), str(plan)], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_recipe(tree: dict[str, Any], file: Path) -> Path:
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return file
