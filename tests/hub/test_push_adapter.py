"""A LoRA adapter on a base model of the hub: pushed as an adapter, opened from there with plain peft."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from push_cases import remote

from toolkit.recipe import build_recipe
from toolkit.workflow.fine_tune import fine_tune
from toolkit.workflow.publish import publish

BASE, ADAPTER = "acme/base", "alice/adapter"


def test_adapter_is_small_names_its_base_by_commit_and_works_from_there(
    loopback_hub: Any,
    quick_processes: None,
    monkeypatch: Any,
    tiny_bert: Path,
    tiny_tree: dict[str, Any],
    tmp_path: Path,
):
    hub = loopback_hub
    hub.add_repo(BASE)
    commit = hub.commit(BASE, {path.name: path.read_bytes() for path in tiny_bert.iterdir()}).oid
    hub.commit(BASE, {"config.json": b"{}"})  # the base moves on; the adapter stays with what it was trained on
    monkeypatch.setenv("HF_TOKEN", hub.token)
    changes = {"model": {"name": f"{BASE}@{commit}"}, "method": "lora", "peft": {"r": 2}}
    tree = tiny_tree | changes | {"training": tiny_tree["training"] | {"num_train_epochs": 1}}
    run = tmp_path / "run"
    fine_tune(build_recipe(tree), name="tiny", output_dir=run, ledger=tmp_path / "trials.jsonl")
    published = publish(str(run), ADAPTER)
    assert published.passed, published.verified
    assert published.verified.parity is not None
    files = remote(hub, repo=ADAPTER)
    settings = json.loads(files["adapter_config.json"])
    assert (settings["base_model_name_or_path"], settings["revision"]) == (BASE, commit)
    assert "model.safetensors" not in files
    assert published.bytes < (run / "model" / "model.safetensors").stat().st_size / 3
    merged = publish(str(run), ADAPTER, merged=True)
    assert merged.passed, merged.verified
    assert {"adapter_config.json", "adapter_model.safetensors"} <= set(merged.deleted)
    assert "model.safetensors" in merged.sent
