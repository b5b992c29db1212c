"""The metrics of the same finished run that the report is tested with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def metrics() -> dict[str, Any]:
    path = Path(__file__).parents[1] / "report" / "metrics.json"
    return json.loads(path.read_text(encoding="utf-8"))
