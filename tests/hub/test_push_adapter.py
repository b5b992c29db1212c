"""An adapter on a base model of the hub: pushed as an adapter, opened from there with plain peft."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from push_cases import remote

from toolkit.errors import IntegrityError, RecipeError
from toolkit.recipe import build_recipe
from toolkit.workflow.apply import predict
from toolkit.workflow.export import export
from toolkit.workflow.export_formats import Format
from toolkit.workflow.fine_tune import fine_tune
from toolkit.workflow.publish import publish
from toolkit.workflow.verify import verify

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


def test_a_prompt_is_the_model_wherever_a_model_is_used(
    loopback_hub: Any,
    quick_processes: None,
    monkeypatch: Any,
    tiny_bert: Path,
    tiny_tree: dict[str, Any],
    tmp_path: Path,
):
    """Prefixes cannot be merged, so what was saved is opened with peft: to predict, to measure, to verify, to push."""
    hub = loopback_hub
    hub.add_repo(BASE)
    commit = hub.commit(BASE, {path.name: path.read_bytes() for path in tiny_bert.iterdir()}).oid
    monkeypatch.setenv("HF_TOKEN", hub.token)
    changes = {"method": "prefix", "training": tiny_tree["training"] | {"num_train_epochs": 1}}
    runs = {}
    for place, name in (("local", str(tiny_bert)), ("hub", f"{BASE}@{commit}")):
        tree = tiny_tree | changes | {"model": {"name": name}}
        runs[place] = tmp_path / place
        fine_tune(build_recipe(tree), name="tiny", output_dir=runs[place], ledger=tmp_path / "trials.jsonl")
        assert not (runs[place] / "adapter").exists()
        assert (runs[place] / "model" / "adapter_config.json").is_file()
        written = pq.read_table(runs[place] / "predictions.parquet").to_pylist()
        lines = [json.dumps({"text": row["text"]}) + "\n" for row in written]
        (tmp_path / "texts.jsonl").write_text("".join(lines), encoding="utf-8")
        predict(str(runs[place]), [str(tmp_path / "texts.jsonl")], output=tmp_path / "answers.parquet")
        asked = pq.read_table(tmp_path / "answers.parquet").to_pylist()
        assert [row["prediction"] for row in asked] == [row["prediction"] for row in written]
        expected = pytest.approx([row["probability"] for row in written], abs=1e-5)
        assert [row["probability"] for row in asked] == expected
        for form in Format:
            with pytest.raises(RecipeError, match="adapters of the method prefix_tuning cannot be merged"):
                export(
                    *[str(runs[place])] * (1 + (form is Format.AVERAGED)), form=form, output_dir=tmp_path / "exported"
                )
        assert not (tmp_path / "exported").exists()
    assert verify(str(runs["local"])).passed
    published = publish(str(runs["hub"]), ADAPTER)
    assert published.passed, published.verified
    card = remote(hub, repo=ADAPTER)["README.md"].decode("utf-8")
    assert "PeftModel.from_pretrained(base," in card
    assert "merge_and_unload" not in card
    assert "library_name: peft" in card
    with pytest.raises(IntegrityError, match="leave out --merged"):
        publish(str(runs["hub"]), ADAPTER, merged=True)
    with pytest.raises(IntegrityError, match="is not on the hub; take a base model that is"):
        publish(str(runs["local"]), ADAPTER)
