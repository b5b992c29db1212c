"""The log of a training: ``log.jsonl``, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LOG_FILE = "log.jsonl"


def training_losses(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of ``log.jsonl`` with a training loss, in the order in which they were written."""
    log = (folder / LOG_FILE).read_text(encoding="utf-8")
    return [entry for entry in map(json.loads, log.splitlines()) if "loss" in entry]
