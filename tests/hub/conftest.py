"""The metrics of the same finished runs that the report is tested with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

REPORT = Path(__file__).parents[1] / "report"


@pytest.fixture
def metrics() -> dict[str, Any]:
    return json.loads((REPORT / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture
def translation() -> dict[str, Any]:
    return json.loads((REPORT / "metrics-translation.json").read_text(encoding="utf-8"))
