"""Merging that changes the answers: the adapter stays, and the run goes on."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from peft import PeftModel
from tiny_models import pretrained
from writing_models import PAIRS

from toolkit.adapters import LocatedModel
from toolkit.names import Task
from toolkit.recipe import build_recipe
from toolkit.tasks import room_of
from toolkit.workflow.apply import evaluate
from toolkit.workflow.fine_tune import fine_tune


def test_an_adapter_of_shared_weights_stays_an_adapter(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """GPT-2 writes with the weights that it reads with: merged into them, an adapter of the reading changes both."""
    rows = tmp_path / "rows.jsonl"
    lines = [{"source": source, "target": target} for source, target in PAIRS * 2]
    rows.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    tree = {
        "task": "text-generation",
        "model": {"name": str(pretrained("gpt2", tmp_path / "gpt2"))},
        "data": {
            "source": str(rows),
            "columns": {"source": "source", "target": "target"},
            "test_size": 6,
            "validation_size": 6,
            "max_length": 24,
        },
        "method": "lora",
        "peft": {"r": 4, "target_modules": ["wte", "c_attn"]},
        "training": {"max_steps": 12, "learning_rate": 5e-2, "warmup_steps": 0, "save_strategy": "no"},
    }
    folder = tmp_path / "run"
    with caplog.at_level(logging.WARNING, logger="toolkit"):
        run = fine_tune(build_recipe(tree), name="tied", output_dir=folder, ledger=tmp_path / "trials.jsonl")
    (told,) = [line for line in caplog.messages if "merging changes the answers" in line]
    assert "largest gap" in told
    assert run.result.is_adapter
    assert run.result.parity is not None
    assert run.result.parity["saved"]["largest_gap"] <= 1e-5
    assert not (folder / "adapter").exists()
    opened = room_of(Task.TEXT_GENERATION).open(LocatedModel("run", folder / "model"))
    assert isinstance(opened.model, PeftModel)
    assert evaluate(str(folder), [str(rows)]).test.metrics
