"""A finished run's ``metrics.json`` as a value to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def metrics() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "metrics.json").read_text(encoding="utf-8"))
