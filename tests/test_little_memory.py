"""Too little memory, for real: an address space that cannot hold the model, in every verb that opens one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from limits import under_limits, write_recipe
from transformers import AutoTokenizer, BertConfig, BertModel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
MB = 1 << 20


@pytest.fixture(scope="module")
def wide_bert(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Path:
    """A BERT of one layer whose 40 MB of weights no process has to spare."""
    folder = tmp_path_factory.mktemp("wide") / "bert"
    torch.manual_seed(0)
    sizes = {"hidden_size": 320, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 320}
    BertModel(BertConfig(vocab_size=30522, max_position_embeddings=64, **sizes)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(folder)
    return folder


def _recipe(tree: dict[str, Any], model: Path, file: Path, **training: Any) -> str:
    changes = {"num_train_epochs": 1, "per_device_train_batch_size": 16, **training}
    changed = {**tree, "model": {"name": str(model)}, "training": {**tree["training"], **changes}}
    return str(write_recipe(changed, file))


def _is_told(run: dict[str, Any]) -> None:
    told = [line for line in run["stderr"].splitlines() if line.startswith("error: ")]
    assert (run["code"], len(told)) == (4, 1), run
    assert "out of memory" in told[0]
    assert "; " in told[0]  # what to do


def test_every_verb_that_opens_a_model(
    tiny_tree: dict[str, Any], wide_bert: Path, tmp_path: Path, python_at_once: Path
):
    data, model = tiny_tree["data"]["source"], str(wide_bert)
    train = ["fine-tune", _recipe(tiny_tree, wide_bert, tmp_path / "recipe.yaml"), "--output-dir", "run"]
    (made,) = under_limits(python_at_once, tmp_path / "made", [train], {})
    assert made["runs"][0]["code"] == 0, made["runs"][0]["stderr"]
    run = str(tmp_path / "made" / "limited" / "0" / "run")
    weights = (wide_bert / "model.safetensors").stat().st_size
    commands = [
        train,
        ["evaluate", run, "--data", data],
        ["predict", run, "a film"],
        ["extract", model, "--data", data, "--output", "features.parquet", "--no-cache"],
        ["zero-shot", model, "a film", "--labels", "good,bad"],
        ["doctor", "--data", data, "--model", model],
        ["export", run, "--format", "onnx", "--output-dir", "onnx"],
    ]
    # Whatever else they take, half of the weights is too little: this is less than each needs.
    assert made["runs"][0]["needed"] > weights
    (limited,) = under_limits(python_at_once, tmp_path / "limits", commands, {"memory": weights // 2})
    for done in limited["runs"]:
        _is_told(done)
        assert "Traceback" not in done["stderr"]
    messages = [done["stderr"].splitlines()[-1] for done in limited["runs"]]
    # Those with processes of their own: torch alone takes more in such a process.
    commands = [
        ["verify", run],
        ["choose", "--task", "text-classification", "--data", data, "--models", model, "--budget", "15m"],
    ]
    (limited,) = under_limits(python_at_once, tmp_path / "most", commands, {"most": 700 * MB})
    for done in limited["runs"]:
        _is_told(done)  # Python's forkserver may have written too, where it cannot load itself
    assert "per_device_train_batch_size=8" in messages[0]
    assert f"whose weights alone take {weights:,}" in messages[3]
    assert "--max-length 32" in messages[3]


def test_a_training_whose_memory_ends_somewhere(
    tiny_tree: dict[str, Any], tiny_bert: Path, tmp_path: Path, python_at_once: Path
):
    """Wherever it ends: the need is measured, and with less than that nothing but exit code 4 is allowed."""
    recipe = _recipe(tiny_tree, tiny_bert, tmp_path / "recipe.yaml", gradient_accumulation_steps=2)
    train = ["fine-tune", recipe, "--output-dir", "run"]
    limits = [{}, {"memory": 1 * MB}, {"memory": 3 * MB}, {"memory": 8 * MB}, {"memory": 20 * MB}]
    free, *limited = under_limits(python_at_once, tmp_path, [train], *limits)
    (run,) = free["runs"]
    assert (run["code"], run["needed"] > 20 * MB) == (0, True), run
    _is_told(limited[0]["runs"][0])
    for result in limited[1:]:
        (run,) = result["runs"]
        if run["code"] != 0:  # an allocator may do with less than it takes where there is plenty
            _is_told(run)
