"""The ``metrics.json`` of finished runs as values to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def metrics() -> dict[str, Any]:
    """A classifier."""
    return json.loads((HERE / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture
def translation() -> dict[str, Any]:
    """A translator that began at random and was stopped early: both baselines are better."""
    return json.loads((HERE / "metrics-translation.json").read_text(encoding="utf-8"))


@pytest.fixture
def language_model(translation: dict[str, Any]) -> dict[str, Any]:
    """A language model that is better than counting characters."""
    translation |= {"task": "text-generation", "family": "decoder"}
    translation["splits"]["test"]["metrics"] = {
        "bits_per_character": {"value": 2.345, "ci95": [2.3, 2.39]},
        "perplexity": {"value": 1234.567, "ci95": [1200.0, 1300.25]},
    }
    counted = {"bits_per_character": {"value": 2.465, "ci95": [2.41, 2.52]}}
    translation["baselines"] = {"character-5-gram": {"rows": 40, "metrics": counted}}
    translation["training"] |= {"best_step": 8, "averaged_steps": []}
    return translation
