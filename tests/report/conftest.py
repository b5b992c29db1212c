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
    found = json.loads((HERE / "metrics.json").read_text(encoding="utf-8"))
    found["baselines"]["tfidf-logistic"]["differences"] = {"accuracy": {"value": 0.055, "ci95": [0.03, 0.08]}}
    return found


@pytest.fixture
def translation() -> dict[str, Any]:
    """A translator that began at random and was stopped early: both baselines are better."""
    found = json.loads((HERE / "metrics-translation.json").read_text(encoding="utf-8"))
    found["baselines"]["nearest-neighbour"]["differences"] = {"bleu": {"value": -5.4, "ci95": [-8.2, -2.5]}}
    return found


@pytest.fixture
def language_model(translation: dict[str, Any]) -> dict[str, Any]:
    """A language model that is better than counting characters."""
    translation |= {"task": "text-generation", "family": "decoder"}
    translation["splits"]["test"]["metrics"] = {
        "bits_per_character": {"value": 2.345, "ci95": [2.3, 2.39]},
        "perplexity": {"value": 1234.567, "ci95": [1200.0, 1300.25]},
    }
    counted = {"bits_per_character": {"value": 2.465, "ci95": [2.41, 2.52]}}
    paired = {"bits_per_character": {"value": -0.12, "ci95": [-0.15, -0.09]}}
    translation["baselines"] = {"character-5-gram": {"rows": 40, "metrics": counted, "differences": paired}}
    translation["training"] |= {"best_step": 8, "averaged_steps": []}
    return translation
