"""What a push starts from: the run's model or its adapter, and whose base model everybody can get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from push_cases import tree
from safetensors.torch import save

from toolkit.errors import HubError, IntegrityError
from toolkit.hub.push.collect import collect
from toolkit.hub.push.source import find_source

REVISION = "a" * 40


def folder_of(run: Path, metrics: dict[str, Any], *, base: str, revision: str | None, **adapter: Any) -> Path:
    """A run with an adapter beside its merged model; files of the right names, with weights of one number."""
    settings = {"peft_type": "LORA", "base_model_name_or_path": base, "revision": revision}
    recipe = {"task": "text-classification", "model": {"name": base}, "method": "lora", "data": {"columns": {}}}
    texts: dict[str, Any] = {
        "recipe.yaml": recipe | {"evaluation": {"metrics": ["accuracy"]}, "hub": {"repo_id": "alice/model"}},
        "metrics.json": metrics | {"method": "lora", "model": base, "revision": revision},
        "trial.json": {"status": "done"},
        "golden.json": {"schema": 1, "rows": []},
        "model/config.json": {"model_type": "bert"},
        "adapter/config.json": {"model_type": "bert"} | adapter,
        "adapter/adapter_config.json": settings,
    }
    weights = {f"{name}.safetensors": save({"x": torch.ones(1)}) for name in ("model/model", "adapter/adapter_model")}
    return tree(run, {path: json.dumps(value).encode() for path, value in texts.items()} | weights)


@pytest.mark.parametrize("base", ["org/bert", "org/bert@main", "bert-base-uncased"])
def test_adapter_of_a_hub_model_goes_as_it_is_and_names_its_base_by_commit(base, tmp_path, metrics):
    source = find_source(str(folder_of(tmp_path, metrics, base=base, revision=REVISION)))
    assert source.model.name == "adapter"
    assert source.base == (base.partition("@")[0], REVISION)
    assert source.remarks == (
        "the adapter alone is sent, which opens with its base model; --merged sends the merged model instead",
    )
    manifest, _ = collect(source, repo_id="alice/model", language="en")
    settings = manifest.json("adapter_config.json")
    assert settings is not None
    assert (settings["base_model_name_or_path"], settings["revision"]) == source.base
    assert settings["peft_type"] == "LORA"
    assert "adapter_model.safetensors" in manifest.paths
    assert "model.safetensors" not in manifest.paths


@pytest.mark.parametrize("base", ["packaged:minilm", "/home/me/bert", "models/bert", "./bert"])
def test_adapter_of_a_model_that_others_do_not_have_goes_merged_and_that_is_said(base, tmp_path, metrics):
    source = find_source(str(folder_of(tmp_path, metrics, base=base, revision=None)))
    assert source.model.name == "model"
    assert source.base is None
    assert source.remarks == (
        f"the merged model is sent, for the adapter alone cannot be: its base model {base} is not on the hub",
    )
    manifest, _ = collect(source, repo_id="alice/model", language="en")
    assert "model.safetensors" in manifest.paths
    assert "adapter_config.json" not in manifest.paths


def test_adapter_whose_head_only_the_toolkit_has_goes_merged(tmp_path, metrics):
    own = {"auto_map": {"AutoConfig": "pooled_config.PooledConfig"}}
    source = find_source(str(folder_of(tmp_path, metrics, base="org/bert", revision=REVISION, **own)))
    assert source.model.name == "model"
    assert "its head is the toolkit's own" in source.remarks[0]


def test_merged_when_asked(tmp_path, metrics):
    source = find_source(str(folder_of(tmp_path, metrics, base="org/bert", revision=REVISION)), merged=True)
    assert (source.model.name, source.base, source.remarks) == (
        "model",
        None,
        ("the merged model is sent; leave out --merged to send the adapter alone",),
    )


def test_merged_when_asked_says_nothing_that_would_not_work(tmp_path, metrics):
    source = find_source(str(folder_of(tmp_path, metrics, base="models/bert", revision=None)), merged=True)
    assert "--merged" not in source.remarks[0]


@pytest.mark.parametrize("base", ["packaged:minilm", "/home/me/bert", None])
def test_folder_with_an_adapter_for_a_local_model_is_refused(base, tmp_path, metrics):
    folder = folder_of(tmp_path, metrics, base=base, revision=None) / "adapter"
    with pytest.raises(IntegrityError, match=r"is not on the hub; merge it.*base_model_name_or_path"):
        find_source(str(folder))


def test_folder_with_an_adapter_for_a_hub_model_goes(tmp_path, metrics):
    folder = folder_of(tmp_path, metrics, base="org/bert", revision=None) / "adapter"
    source = find_source(str(folder))
    assert (source.base, source.run) == (("org/bert", None), None)
    assert "this is no run" in source.remarks[0]


def test_run_that_asked_a_model_has_nothing_to_publish(tmp_path, metrics):
    texts = {
        "recipe.yaml": "method: zero-shot",
        "metrics.json": json.dumps(metrics | {"method": "zero-shot"}),
        "trial.json": '{"status": "done"}',
    }
    tree(tmp_path, {name: text.encode() for name, text in texts.items()})
    with pytest.raises(HubError, match="nothing of its own to publish"):
        find_source(str(tmp_path))


@pytest.mark.parametrize("file", ["metrics.json", "trial.json", "golden.json", "adapter/adapter_config.json"])
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_damaged_files_of_a_run_are_named(file, content, tmp_path, metrics):
    folder = folder_of(tmp_path, metrics, base="org/bert", revision=REVISION)
    (folder / file).write_bytes(content)
    with pytest.raises(IntegrityError, match=file.rpartition("/")[2]):
        find_source(str(folder))


def test_unfinished_run_by_either_name(tmp_path):
    (tmp_path / "run.unfinished").mkdir()
    for name in ("run", "run.unfinished"):
        with pytest.raises(IntegrityError, match="never finished"):
            find_source(str(tmp_path / name))
