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
