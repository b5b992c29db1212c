"""A disk that is full, for real: whatever is written when it fills up, the run says so and goes on later."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from limits import under_limits, write_recipe

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
KB, MB = 1 << 10, 1 << 20
TOLD = re.compile(
    r"error: .*: (the disk is full: [\d,]+ bytes are free|a file may have [\d,]+ bytes .*|"
    r"training would need about .*), (more|[\d,]+) are (needed|free); "
)
WORK = "run.unfinished"


@pytest.fixture
def train(tiny_tree: dict[str, Any], tmp_path: Path) -> list[str]:
    """A training of three steps with a checkpoint after each."""
    changed = {"num_train_epochs": 1, "save_steps": 1}
    tree = {**tiny_tree, "training": {**tiny_tree["training"], **changed}}
    return ["fine-tune", str(write_recipe(tree, tmp_path / "recipe.yaml")), "--output-dir", "run"]


def _told(run: dict[str, Any]) -> None:
    last = run["stderr"].splitlines()[-1]
    assert (run["code"], TOLD.search(last) is not None) == (4, True), run["stderr"]


def test_files_of_a_largest_size(train: list[str], tmp_path: Path, python_at_once: Path):
    sizes = (0, 120, 6 * KB, 3 * MB, 7 * MB)
    results = under_limits(python_at_once, tmp_path, [train], *({"file": size} for size in sizes))
    for result in results:
        _told(result["runs"][0])
        assert not any(name.startswith("run") and not name.startswith("runs") for name in result["left"])


def test_a_disk_that_fills_up(train: list[str], tmp_path: Path, python_at_once: Path):
    """When a checkpoint is whole, when the weights are written, and when the figures are."""
    under_limits(python_at_once, tmp_path / "free", [train], {})
    (weights,) = (tmp_path / "free").rglob("model/model.safetensors")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    moments = ("checkpoints/checkpoint-2/COMPLETE.json", "model/model.safetensors", "metrics.json")
    limits = [{"disk": 48 * MB, "fill": f"{WORK}/{moment}"} for moment in moments]
    for filled in under_limits(python_at_once, tmp_path / "filled", [train], *limits, afterwards=True):
        if filled.get("skipped"):
            pytest.skip("the system gives no disk of its own")
        _told(filled["runs"][0])
        assert f"{WORK}/checkpoints/checkpoint-2/COMPLETE.json" in filled["left"]
        assert "step 1/3" not in filled["afterwards"]["stderr"]  # nothing is learnt twice
        assert (filled["afterwards"]["code"], filled["weights"]) == (0, [digest])


def test_small_disks(train: list[str], tmp_path: Path, python_at_once: Path):
    sizes = (4 * KB, 8 * KB, 16 * KB, 1 * MB, 20 * MB)
    results = under_limits(python_at_once, tmp_path, [train], *({"disk": size} for size in sizes))
    for size, result in zip(sizes, results, strict=True):
        if result.get("skipped"):
            pytest.skip("the system gives no disk of its own")
        _told(result["runs"][0])
        if size >= MB:  # there is room for the folder of the run: the bytes of the checkpoints are counted before
            assert "training would need about" in result["runs"][0]["stderr"]
            assert "step 1/3" not in result["runs"][0]["stderr"]


def test_other_verbs(train: list[str], tmp_path: Path, python_at_once: Path, tiny_tree: dict[str, Any]):
    """A run is made without limits; then each verb that writes meets a limit on the size of its file."""
    data, model = tiny_tree["data"]["source"], tiny_tree["model"]["name"]
    (made,) = under_limits(python_at_once, tmp_path / "made", [train], {})
    assert made["runs"][0]["code"] == 0, made["runs"][0]["stderr"]
    run = str(tmp_path / "made" / "limited" / "0" / "run")
    old = [tmp_path / "old" / f"rows.{suffix}" for suffix in ("csv", "jsonl", "parquet")]
    (tmp_path / "old").mkdir()
    for file in old:
        file.write_bytes(b"predictions of yesterday")
    commands = [
        *(["predict", run, data, "--output", name] for file in old for name in (file.name, str(file))),
        ["extract", model, "--data", data, "--output", "features.parquet"],
        ["export", run, "--format", "onnx", "--output-dir", "onnx"],
    ]
    (limited,) = under_limits(python_at_once, tmp_path / "limits", commands, {"file": 2 * KB})
    for done in limited["runs"]:
        _told(done)
    assert not [name for name in limited["left"] if not name.startswith("runs")]
    assert {file: file.read_bytes() for file in (tmp_path / "old").iterdir()} == dict.fromkeys(
        old, b"predictions of yesterday"
    )
