"""Too little memory, for real: an address space that is nearly used up, in the verbs that open a model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from limits import under_limits, write_recipe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
MB = 1 << 20


def test_memory_that_is_used_up(tiny_tree: dict[str, Any], tmp_path: Path, python_at_once: Path):
    sizes = {"per_device_train_batch_size": 16, "gradient_accumulation_steps": 2, "num_train_epochs": 1}
    recipe = write_recipe({**tiny_tree, "training": {**tiny_tree["training"], **sizes}}, tmp_path / "recipe.yaml")
    commands = [["fine-tune", str(recipe), "--output-dir", "run"]]
    codes = []
    for result in under_limits(python_at_once, tmp_path, commands, {"memory": 2 * MB}, {"memory": 6 * MB}):
        (run,) = result["runs"]
        codes.append(run["code"])
        assert run["code"] in (0, 4), run["stderr"]
        if run["code"]:
            assert run["stderr"].splitlines()[-1].startswith("error: out of memory; ")
    assert 4 in codes


def test_every_verb_that_opens_a_model(tiny_tree: dict[str, Any], tmp_path: Path, python_at_once: Path):
    data, model = tiny_tree["data"]["source"], tiny_tree["model"]["name"]
    tree = {**tiny_tree, "training": {**tiny_tree["training"], "max_steps": 1}}
    recipe = write_recipe(tree, tmp_path / "recipe.yaml")
    (made,) = under_limits(python_at_once, tmp_path / "made", [["fine-tune", str(recipe), "--output-dir", "run"]], {})
    assert made["runs"][0]["code"] == 0, made["runs"][0]["stderr"]
    run = str(tmp_path / "made" / "limited" / "0" / "run")
    commands = [
        ["predict", run, data, "--output", "rows.csv"],
        ["evaluate", run, "--data", data],
        ["extract", model, "--data", data, "--output", "features.parquet"],
        ["zero-shot", model, data, "--labels", "good,bad", "--output", "zero.csv"],
        ["export", run, "--format", "merged", "--output-dir", "merged"],
    ]
    (limited,) = under_limits(python_at_once, tmp_path / "limits", commands, {"memory": 1 * MB})
    for command, done in zip(commands, limited["runs"], strict=True):
        assert done["code"] == 4, (command, done["stderr"])
        last = done["stderr"].splitlines()[-1]
        assert last.startswith("error: ")
        assert "out of memory; " in last
    assert limited["left"] == []
