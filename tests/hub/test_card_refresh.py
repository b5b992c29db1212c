"""`make cards` takes the run of each shipped recipe that fits it best."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.hub.card.refresh import card_of, refresh_cards
from toolkit.recipe import find_recipe, load_recipe, recipe_digest, recipe_yaml


def _run(folder: Path, metrics: dict[str, Any], *, value: float, recipe: str = "movie-sentiment", **trial: str) -> None:
    shipped = load_recipe(find_recipe("movie-sentiment"))
    folder.mkdir(parents=True)
    metrics["splits"]["test"]["metrics"]["accuracy"]["value"] = value
    (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    (folder / "recipe.yaml").write_text(recipe_yaml(shipped), encoding="utf-8")
    told = {"recipe": recipe, "status": "done", "time": "2026-01-01", "recipe_digest": recipe_digest(shipped)}
    (folder / "trial.json").write_text(json.dumps(told | trial), encoding="utf-8")


def test_the_recipe_as_it_is_shipped_goes_before_newer_and_changed_ones(metrics: dict[str, Any], tmp_path: Path):
    runs, cards = tmp_path / "runs", tmp_path / "cards"
    cards.mkdir()
    _run(runs / "changed", metrics, value=0.71, time="2026-09-01", recipe_digest="other")
    _run(runs / "deep" / "old", metrics, value=0.72)
    _run(runs / "new", metrics, value=0.73, time="2026-02-01")
    _run(runs / "new.unfinished", metrics, value=0.74, time="2026-03-01")
    _run(runs / "failed", metrics, value=0.75, time="2026-03-01", status="failed")
    _run(runs / "foreign", metrics, value=0.76, recipe="of-somebody")
    assert refresh_cards(runs, into=cards) == ["movie-sentiment"]
    (card,) = cards.iterdir()
    assert card.name == "movie-sentiment.md"
    assert "reaches accuracy 0.730" in card.read_text(encoding="utf-8")
    assert card.read_text(encoding="utf-8") == card_of(runs / "new")
    assert refresh_cards(tmp_path / "none", into=cards) == []
