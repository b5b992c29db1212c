"""The JSON files of a model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_SHOWN = 60  # characters


def read_object(file: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JSON in UTF-8, is nested too deeply, or holds something else than an object.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError(f"an object is expected, and it holds {shown(content)}")
    return content


def shown(value: Any) -> str:
    """Return the beginning of a value as JSON."""
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]
