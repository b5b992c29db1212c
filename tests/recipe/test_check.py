from dataclasses import replace

import pytest

from toolkit.errors import RecipeError
from toolkit.names import SPECS, Family, Method, Task
from toolkit.recipe import build_recipe, check

BASE = {"task": "text-classification", "model": {"name": "m"}, "method": "full"}


def broken(data=None, **more):
    """The faults of a recipe, and nothing for a sound one."""
    try:
        build_recipe(BASE | {"data": {"source": "a.csv"} if data is None else data} | more)
    except RecipeError as error:
        return [fault.message for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "data",
    [
        {"source": "a.csv"},
        {
            "train": ["a.csv", "b.csv"],
            "validation": "c.csv",
            "test": "d.csv",
            "test_size": 0,
            "validation_size": 0,
        },
        {"train": "a.csv"},
        {"source": {"text": "a.txt", "label": "b.txt"}, "test_size": 100, "validation_size": 0.5},
        {"source": "a.csv", "test_size": 0.5, "validation_size": 0.49},
        {"source": "a.csv", "encoding": "cp949", "columns": {"text": "x", "text_pair": "y", "label": "z"}},
    ],
)
def test_sound_data(data):
    assert broken(data) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "data: neither source nor train is given"),
        ({"source": "a", "train": "b"}, "data.train: both source and train are given"),
        ({"source": "a", "test": "b"}, "data.test: test goes with train"),
        ({"source": "a", "test_size": 0}, "data.test_size: 0 leaves nothing to measure the result on"),
        ({"train": "a", "test_size": 0}, "data.test_size: 0 leaves nothing to measure the result on"),
        (
            {"source": "a", "test_size": 0.5, "validation_size": 0.5},
            "data.test_size: test and validation take 1 of",
        ),
        ({"source": "a", "test_size": 1.0}, "data.test_size: 1.0 could be one or all"),
        ({"source": "a", "encoding": "utf9"}, "unknown encoding 'utf9'; did you mean 'utf-8'?"),
        ({"source": "a", "encoding": "base64"}, "unknown encoding 'base64'"),
        ({"source": "a", "columns": {"lable": "x"}}, "has no column 'lable'; did you mean 'label'?"),
        ({"source": "a", "columns": {"text": "x", "label": "x"}}, "'x' is named for 'text' already"),
    ],
)
def test_unsound_data(data, words):
    (message,) = broken(data)
    assert words in message


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (
            {"metric_for_best_model": "acuracy"},
            "'acuracy' is not measured by this recipe; did you mean 'accuracy'?",
        ),
        ({"metric_for_best_model": "recall"}, "allowed: accuracy, f1, loss"),
        (
            {"tokens_per_batch": 512, "train_sampling_strategy": "random"},
            "it needs train_sampling_strategy: group_by",
        ),
        ({"eval_strategy": "no"}, "'no' leaves load_best_model_at_end without evaluations"),
        ({"eval_strategy": "steps"}, "'steps' needs eval_steps"),
        ({"bf16": True, "fp16": True}, "bf16 and fp16 exclude each other"),
        ({"max_steps": 0}, "0 steps train nothing"),
        ({"save_steps": 1.0}, "training.save_steps: 1.0 could be one or all"),
        ({"dataloader_prefetch_factor": 2}, "it needs dataloader_num_workers"),
        (
            {"eval_strategy": "no", "load_best_model_at_end": False, "early_stopping_patience": 2},
            "'no' leaves early_stopping_patience without evaluations",
        ),
    ],
)
def test_unsound_training(training, words):
    (message,) = broken(training=training)
    assert words in message


@pytest.mark.parametrize(
    "training",
    [
        {"metric_for_best_model": "eval_f1"},
        {"metric_for_best_model": "loss"},
        {"tokens_per_batch": 512},
        {"eval_strategy": "no", "load_best_model_at_end": False},
        {"eval_strategy": "steps", "eval_steps": 0.5},
        {"bf16": "auto", "fp16": True},
        {"dataloader_prefetch_factor": 2, "dataloader_num_workers": 1},
    ],
)
def test_sound_training(training):
    assert broken(training=training) == []


def test_metrics_and_peft():
    assert "'f1' is listed twice" in broken(evaluation={"metrics": ["f1", "f1"]})[0]
    assert "the method full has no peft section" in broken(peft={"r": 4})[0]
    assert broken(method="lora", peft={"r": 4}) == []
    assert broken(training={"metric_for_best_model": "recall"}, evaluation={"metrics": ["recall"]}) == []


def test_a_method_that_a_task_lacks(monkeypatch):
    spec = replace(SPECS[Task.TEXT_CLASSIFICATION], methods={Family.ENCODER: frozenset({Method.FULL})})
    monkeypatch.setitem(SPECS, Task.TEXT_CLASSIFICATION, spec)
    (message,) = broken(method="lora")
    assert "lora does not exist for text-classification; allowed: full" in message


def test_rules_are_checked_beside_faulty_keys_but_not_on_them():
    messages = broken({"source": 3, "encoding": "utf9"}, training={"max_steps": 0, "lr": 1})
    assert [message.partition(":")[0] for message in messages] == [
        "data.source",
        "training.lr",
        "data.encoding",
    ]


def test_every_rule_reads_keys_that_exist():
    recipe = build_recipe(BASE | {"data": {"source": "a.csv"}})
    for rule in check.RULES:
        for key in rule.reads:
            value = recipe
            for part in key.split("."):
                value = getattr(value, part)


@pytest.mark.parametrize(
    ("key", "value", "package"),
    [
        ("report_to", "wandb", "wandb"),
        ("report_to", ["mlflow"], "mlflow"),
        ("optim", "adamw_bnb_8bit", "bitsandbytes"),
        ("optim", "galore_adamw", "galore_torch"),
        ("optim", "schedule_free_adamw", "schedulefree"),
        ("tf32", True, "tf32"),
    ],
)
def test_packages_and_devices_that_are_not_there(key: str, value: object, package: str):
    import importlib.util

    import torch

    is_there = torch.cuda.is_available() if key == "tf32" else importlib.util.find_spec(package) is not None
    if is_there:
        pytest.skip("it is there")
    tree = {
        "task": "text-classification",
        "model": {"name": "packaged:minilm"},
        "data": {"source": "packaged:rotten-tomatoes"},
        "method": "full",
        "training": {key: value},
    }
    with pytest.raises(RecipeError, match=rf"training\.{key}: .* does not work here: "):
        build_recipe(tree)
    build_recipe({**tree, "training": {"optim": "adamw_torch", "report_to": "none"}})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, None),
        ({"model": {"name": "m", "problem_type": "multi_label_classification"}}, None),
        ({"method": "features"}, None),
        ({"evaluation": {"calibrate": True, "abstain": 0.9}}, None),
        ({"evaluation": {"calibrate": False}, "data": {"source": "a.csv", "validation_size": 0}}, None),
        ({"data": {"train": "a.csv", "validation": "b.csv", "validation_size": 0}}, None),
        (
            {"model": {"name": "m", "problem_type": "regression"}},
            "text-classification (regression) has no probabilities of classes or labels; take it out",
        ),
        ({"task": "translation"}, "translation has no probabilities of classes or labels; take it out"),
        ({"task": "token-classification"}, "token-classification has no probabilities of classes or labels"),
        ({"method": "zero-shot"}, "zero-shot saves no model that could keep a temperature; take it out"),
        (
            {"data": {"source": "a.csv", "validation_size": 0}},
            "data.validation_size: 0 leaves no rows that choose by evaluation.calibrate; give it rows",
        ),
        (
            {"data": {"source": "a.csv", "validation_size": 0}, "evaluation": {"calibrate": True, "abstain": 0.9}},
            "0 leaves no rows that choose by evaluation.abstain; give it rows",
        ),
    ],
)
def test_a_temperature_needs_probabilities_a_saved_model_and_rows_that_choose_it(more, words):
    found = broken(**{"evaluation": {"calibrate": True}, **more})
    assert found == [] if words is None else any(words in message for message in found), found
