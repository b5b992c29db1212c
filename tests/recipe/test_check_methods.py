import pytest

from toolkit.errors import RecipeError
from toolkit.names import Problem
from toolkit.recipe import build_recipe, recipe_yaml

SOUND = {
    "task": "text-classification",
    "model": {"name": "packaged:minilm"},
    "data": {"source": "a.csv"},
    "method": "full",
}
LABELS = {"data": {"source": "a.csv", "columns": {"labels": "topics"}}}
NUMBERS = {"model": {"name": "m", "problem_type": "regression"}}
ZERO_SHOT = {"method": "zero-shot"}


def broken(**changes):
    """The faults of a recipe, and nothing for a sound one."""
    try:
        build_recipe(SOUND | changes)
    except RecipeError as error:
        return [fault.message for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "changes",
    [
        LABELS,
        LABELS | {"evaluation": {"metrics": ["exact_match"]}},
        {"model": {"name": "m", "problem_type": "multi_label_classification"}},
        NUMBERS | {"evaluation": {"metrics": ["mae"]}},
        {"method": "features", "features": {"pooling": "last", "layers": [0, -1], "head": "mlp"}},
        ZERO_SHOT | {"zero_shot": {"templates": ["{text} {label}"], "calibration": "batch", "shots": 2}},
        ZERO_SHOT | {"zero_shot": {"scorer": "similarity", "language": "ko"}},
        ZERO_SHOT | {"zero_shot": {"scorer": "entailment", "templates": ["This is about {label}."]}},
    ],
)
def test_sound_methods(changes):
    assert broken(**changes) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"data": {"source": "a.csv", "columns": {"label": "a", "labels": "b"}}},
            "data.columns.labels: both label and labels are named",
        ),
        (LABELS | NUMBERS, "data.columns.labels: labels are several classes of a text, and this is regression"),
        (NUMBERS | {"evaluation": {"metrics": ["accuracy"]}}, "text-classification (regression) has no metric"),
        (LABELS | {"evaluation": {"metrics": ["pearson"]}}, "has no metric 'pearson'; allowed: f1, f1_micro"),
        (NUMBERS | {"training": {"class_weights": "balanced"}}, "training.class_weights: it is for texts with one"),
        (LABELS | {"training": {"label_smoothing_factor": 0.1}}, "training.label_smoothing_factor: it is for texts"),
        ({"features": {"pooling": "cls"}}, "features: the method full has no use for it"),
        ({"zero_shot": {"shots": 1}}, "zero_shot: the method full has no use for it"),
        ({"method": "features", "training": {"learning_rate": 0.1}}, "training: the method features trains none"),
        (ZERO_SHOT | NUMBERS, "method: zero-shot chooses one class of several, and this is regression"),
        (
            ZERO_SHOT | {"zero_shot": {"scorer": "mask", "calibration": "batch"}},
            "zero_shot.calibration: it is for likelihoods, and the scorer is mask",
        ),
        (ZERO_SHOT | {"zero_shot": {"templates": ["{text}", "a"]}}, "zero_shot.templates.1: the template lacks {text}"),
    ],
)
def test_broken_methods(changes, words):
    found = broken(**changes)
    assert any(words in message for message in found), found


@pytest.mark.parametrize(
    ("changes", "problem", "metrics"),
    [
        ({}, Problem.SINGLE_LABEL, ["accuracy", "f1"]),
        (LABELS, Problem.MULTI_LABEL, ["f1", "f1_micro"]),
        (NUMBERS, Problem.REGRESSION, ["pearson", "spearman"]),
    ],
)
def test_the_problem_and_its_usual_metrics(changes, problem, metrics):
    recipe = build_recipe(SOUND | changes)
    assert recipe.problem is problem
    assert recipe.metrics == metrics


@pytest.mark.parametrize("method", ["full", "features", "zero-shot"])
def test_a_written_recipe_has_the_sections_of_its_method(method):
    text = recipe_yaml(build_recipe(SOUND | {"method": method}))
    written = {name for name in ("features", "zero_shot", "training") if f"\n{name}:" in text}
    assert written == {"full": {"training"}, "features": {"features"}, "zero-shot": {"zero_shot"}}[method]
