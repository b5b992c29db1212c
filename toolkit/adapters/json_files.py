"""The JSON files of a model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.files import read_json

_SHOWN = 60  # characters


def read_object(file: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        OSError: the file cannot be read.
        ValueError: as `toolkit.files.read_json`; or it holds something else than an object.
    """
    content = read_json(file)
    if not isinstance(content, dict):
        raise ValueError(f"an object is expected, and it holds {shown(content)}")
    return content


def shown(value: Any) -> str:
    """Return the beginning of a value as JSON."""
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]
