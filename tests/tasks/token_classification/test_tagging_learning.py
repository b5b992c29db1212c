"""Class weights, validation and early stopping of tags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tagging_models import recipe_for, write_sentences
from tiny_models import pretrained

from toolkit.adapters import LocatedModel, OpenedModel
from toolkit.errors import RecipeError
from toolkit.methods import METHODS
from toolkit.recipe import Recipe
from toolkit.tasks.token_classification.learning import TagLoss
from toolkit.tasks.token_classification.prepare import TaggedData
from toolkit.tasks.token_classification.room import ROOM
from toolkit.tasks.token_classification.schemes import Kind, Scheme
from toolkit.training import train
from toolkit.training.objective import Objective


def opened_for(tmp_path: Path, training: dict[str, Any]) -> tuple[Recipe, TaggedData, OpenedModel]:
    folder = pretrained("bert", tmp_path / "body")
    recipe = recipe_for({"name": str(folder)}, write_sentences(tmp_path), training=training)
    data = ROOM.prepare(recipe)
    return recipe, data, ROOM.open_for_training(recipe, data, tokenizer_folder=tmp_path)


def loss_of(objective: Objective) -> TagLoss:
    assert isinstance(objective.loss, TagLoss)
    return objective.loss


def test_weights_by_tag(tmp_path: Path) -> None:
    recipe, data, opened = opened_for(tmp_path, {"class_weights": {"O": 0.25, "B-B": 2.0}})
    weights = loss_of(ROOM.objective(recipe, data, opened)).class_weights
    assert weights is not None
    assert dict(zip(data.labels, weights.tolist(), strict=True)) == {
        "O": 0.25,
        "B-A": 1.0,
        "I-A": 1.0,
        "B-B": 2.0,
        "I-B": 1.0,
    }


def test_balanced_weights_count_tokens(tmp_path: Path) -> None:
    recipe, data, opened = opened_for(tmp_path, {"class_weights": "balanced"})
    objective = ROOM.objective(recipe, data, opened)
    labels = torch.tensor([label for row in objective.train_rows["labels"] for label in row if label >= 0])
    counts = torch.bincount(labels, minlength=len(data.labels))
    weights = loss_of(objective).class_weights
    assert weights is not None
    shares = (counts * weights)[counts > 0]
    assert torch.allclose(shares, shares[0].expand_as(shares))


def test_an_unknown_tag_has_no_weight(tmp_path: Path) -> None:
    recipe, data, opened = opened_for(tmp_path, {"class_weights": {"B-C": 2.0}})
    with pytest.raises(RecipeError, match="there is no tag 'B-C'"):
        ROOM.objective(recipe, data, opened)


def test_validation_measures_as_the_test_does(tmp_path: Path) -> None:
    recipe, data, opened = opened_for(tmp_path, {"max_steps": 2})
    objective = ROOM.objective(recipe, data, opened)
    assert objective.validate is not None
    assert data.validation is not None
    found = objective.validate(opened.model)
    right = ROOM.measure(ROOM.answer(opened, data.validation, recipe.metrics), recipe.metrics)
    assert {name: found[name] for name in recipe.metrics} == {name: each.value for name, each in right.metrics.items()}
    assert found["loss"] > 0


def test_training_stops_early_at_the_best_f1(tmp_path: Path) -> None:
    settings = {
        "num_train_epochs": 60,
        "learning_rate": 2e-2,
        "per_device_train_batch_size": 8,
        "early_stopping_patience": 4,
        "bf16": False,
    }
    recipe, data, opened = opened_for(tmp_path, settings)
    trained = train(recipe, ROOM.objective(recipe, data, opened), opened, tmp_path)
    scores = [point["entity_f1"] or 0.0 for point in trained.curve]
    assert max(scores) == 1.0
    assert len(scores) == scores.index(1.0) + 1 + 4 < 60
    assert trained.best_step == trained.curve[scores.index(1.0)]["step"]


def test_a_model_of_iob1_knows_its_scheme(tmp_path: Path) -> None:
    """Its labels could be IOB2, by whose strict rules most of its entities would be none."""
    path = tmp_path / "iob1.jsonl"
    rows = [{"tokens": list("abcd"), "tags": tags.split()} for tags in ("I-A B-A O I-A", "I-A O O I-A", "O O I-A O")]
    path.write_text("\n".join(json.dumps(row) for row in rows * 4))
    folder = pretrained("bert", tmp_path / "body")
    for method, found in (("full", "model"), ("lora", "adapter")):
        sections = {"peft": {"r": 2}} if method == "lora" else {}
        recipe = recipe_for({"name": str(folder)}, path, method=method, **sections)
        data = ROOM.prepare(recipe)
        assert data.labels == ("O", "B-A", "I-A")
        work = tmp_path / method
        work.mkdir()
        METHODS[recipe.way](ROOM, recipe, data, work=work)
        asked = ROOM.answerer(LocatedModel("model", work / found), None, ())
        assert asked.scheme == data.scheme == Scheme(Kind.IOB1)
    recipe, data, opened = opened_for(tmp_path, {"max_steps": 2})
    assert not hasattr(opened.model.config, "tag_scheme")  # IOB2 is what the labels say
