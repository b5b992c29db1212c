"""Results and recipes of runs, made from values that a test has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from toolkit.hub.card.render import render_card
from toolkit.recipe import Recipe, recipe_model
from toolkit.run_result import RunResult, SplitResult

_METRICS = Path(__file__).with_name("report") / "metrics.json"
_RECIPE = {"task": "text-classification", "model": {}, "data": {"source": "packaged:rotten-tomatoes"}, "method": "full"}


def result_of(metrics: Mapping[str, Any]) -> RunResult:
    """The result of a classifier, changed by some keys of ``metrics.json`` or all of them."""
    usual = json.loads(_METRICS.read_text(encoding="utf-8"))
    return RunResult.from_json({**usual, **deepcopy(dict(metrics))})


def split_of(entry: Mapping[str, Any]) -> SplitResult:
    """A split of one row with the details that are given."""
    return SplitResult.of({"rows": 1, "metrics": {"accuracy": {"value": 1.0, "ci95": None}}, **entry})


def recipe_of(changes: Mapping[str, Any] | str) -> Recipe:
    """A recipe of the shape that is checked; rules between its sections are not."""
    tree = yaml.safe_load(changes) if isinstance(changes, str) else changes
    return recipe_model().model_validate({**_RECIPE, **deepcopy(dict(tree))})


def card_of(metrics: Mapping[str, Any], *, recipe_yaml: str, **settings: Any) -> str:
    """The card of a run, whose recipe is what stands in the YAML."""
    return render_card(result_of(metrics), recipe_of(recipe_yaml), recipe_yaml=recipe_yaml, **settings)
