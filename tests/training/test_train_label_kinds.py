"""Training for several labels and for numbers, from data to a saved model that says what was learnt."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import EvalPrediction, set_seed

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, locate_model, open_for_prediction, open_for_training
from toolkit.data import ClassificationData, prepare_classification
from toolkit.names import Problem
from toolkit.recipe import Recipe, build_recipe
from toolkit.tasks import room_of
from toolkit.training import train
from toolkit.training.losses import LabelSetLoss, SquaredErrorLoss
from toolkit.training.plan import plan_training
from toolkit.training.save import save_model

WORDS = ("rain", "sun", "wind")


@pytest.fixture
def recipe(tiny_tree: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest) -> Recipe:
    """Rows whose labels are the words of their texts, or whose score is how many of them there are."""
    problem = request.param
    generator = np.random.default_rng(0)
    rows = []
    for words in (generator.random((240, len(WORDS))) < 0.5).tolist():
        names = [word for word, is_there in zip(WORDS, words, strict=True) if is_there]
        text = " ".join(generator.permutation([*names, "a", "film"]).tolist())
        rows.append({"text": text, "pair": "and", "labels": names, "label": float(len(names))})
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    tree = copy.deepcopy(tiny_tree)
    tree["model"]["problem_type"] = str(problem)
    columns = {"labels": "labels"} if problem is Problem.MULTI_LABEL else {"text_pair": "pair"}
    tree["data"] |= {"source": str(source), "columns": columns}
    tree["training"] |= {"num_train_epochs": 8}
    return build_recipe(tree)


def _opened(recipe: Recipe, data: ClassificationData) -> Any:
    return open_for_training(
        locate_model(str(recipe.model.name)),
        SEQUENCE_HEAD,
        labels=data.labels,
        method=recipe.way,
        problem=data.problem,
        max_length=recipe.data.max_length,
    )


BOTH = pytest.mark.parametrize("recipe", [Problem.MULTI_LABEL, Problem.REGRESSION], indirect=True, ids=str)


@BOTH
def test_what_is_learnt_is_measured_on_the_saved_model(recipe: Recipe, tmp_path: Path):
    data = prepare_classification(recipe.data, problem=recipe.problem)
    set_seed(0)
    opened = _opened(recipe, data)
    room = room_of(recipe.task)
    objective = room.objective(recipe, data, opened)
    trained = train(recipe, objective, opened, tmp_path)
    assert {"loss", *recipe.metrics} <= trained.curve[0].keys()
    assert trained.curve[-1]["loss"] < 0.8 * trained.curve[0]["loss"]
    saved = open_for_prediction(LocatedModel("saved", save_model(trained.model, opened, tmp_path)), SEQUENCE_HEAD)
    assert saved.problem is recipe.problem
    measured = room.measure(room.answer(saved, data.test, recipe.metrics), recipe.metrics)
    first = recipe.metrics[0]
    constant = next(iter(room.baselines(data, recipe.metrics).values())).metrics[first].value or 0.0
    assert measured.metrics[first].ci95[0] > constant


@BOTH
def test_the_objective_measures_as_the_evaluation_does(recipe: Recipe):
    data = prepare_classification(recipe.data, problem=recipe.problem)
    objective = room_of(recipe.task).objective(recipe, data, _opened(recipe, data))
    several = recipe.problem is Problem.MULTI_LABEL
    assert isinstance(objective.loss, LabelSetLoss if several else SquaredErrorLoss)
    assert {"loss", "mse", "mae"} <= objective.less_is_better
    labels = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]) if several else np.array([[1.0], [3.0]])
    logits = np.array([[0.3, -2.0, -0.1], [-1.0, -1.0, -1.0]]) if several else np.array([[0.5], [2.0]])
    found = objective.compute_metrics(EvalPrediction(logits, labels))
    assert list(found) == recipe.metrics
    assert found[recipe.metrics[0]] == pytest.approx(1 / 3 if several else 1.0)
    assert objective.validation_rows is not None
    assert len(objective.validation_rows) == len(data.validation)


@pytest.mark.parametrize("recipe", [Problem.REGRESSION], indirect=True, ids=str)
@pytest.mark.parametrize(("metric", "greater_is_better"), [("mse", False), ("loss", False), ("pearson", True)])
def test_the_best_epoch_has_the_least_error(recipe: Recipe, tmp_path: Path, metric: str, greater_is_better: bool):
    named = recipe.training.model_copy(update={"metric_for_best_model": metric})
    recipe = recipe.model_copy(update={"training": named})
    data = prepare_classification(recipe.data, problem=recipe.problem)
    plan = plan_training(
        recipe, room_of(recipe.task).objective(recipe, data, _opened(recipe, data)), checkpoints=tmp_path
    )
    assert (plan.metric, plan.greater_is_better) == (metric, greater_is_better)
