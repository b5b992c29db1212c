"""Runs of every family and of our own Transformer: pushed, and opened from the hub where `toolkit` is not to be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_models import pretrained

from toolkit import workflow
from toolkit.hub.verify.verdict import Verified
from toolkit.recipe import build_recipe
from toolkit.workflow import publish

SMALL = {"hidden_size": 16, "encoder_layers": 1, "decoder_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
QUICK = {"learning_rate": 3e-3, "num_train_epochs": 1, "per_device_train_batch_size": 25, "bf16": False}


def labelling(name: str, method: str, folder: Path, reviews: Path) -> dict[str, Any]:
    return {
        "task": "text-classification",
        "model": {"name": str(pretrained(name, folder / "base"))},
        "data": {"source": str(reviews), "test_size": 30, "validation_size": 15, "max_length": 32},
        "method": method,
        **({} if method == "features" else {"training": QUICK}),
    }


def translating(folder: Path, reviews: Path) -> dict[str, Any]:
    """Our own Transformer, from a random start, into capital letters."""
    lines = [line.rpartition(",")[0].strip('"') for line in reviews.read_text(encoding="utf-8").splitlines()[1:100]]
    files = {"source": folder / "small.txt", "target": folder / "capital.txt"}
    files["source"].write_text("\n".join(lines) + "\n", encoding="utf-8")
    files["target"].write_text("\n".join(line.upper() for line in lines) + "\n", encoding="utf-8")
    source = {column: str(file) for column, file in files.items()}
    return {
        "task": "translation",
        "model": {"config": SMALL},
        "tokenizer": {"train": "bpe", "vocab_size": 400},
        "data": {"source": source, "test_size": 20, "validation_size": 10, "max_length": 64},
        "method": "scratch",
        "training": QUICK,
    }


@pytest.mark.parametrize("name", ["bert features", "gpt2 full", "t5 full", "own Transformer"])
def test_what_is_on_the_hub_answers_as_the_run_did(
    name: str, loopback_hub: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, reviews: Path
):
    monkeypatch.setenv("HF_TOKEN", loopback_hub.token)
    # The look before the push has its tests; the one afterwards is what this is about.
    monkeypatch.setattr(publish, "verify_folder", lambda folder, *_, **__: Verified(str(folder), None, ()))
    model, method = name.split()
    tree = translating(tmp_path, reviews) if model == "own" else labelling(model, method, tmp_path, reviews)
    run = tmp_path / "run"
    workflow.fine_tune(build_recipe(tree), name="tiny", output_dir=run, ledger=tmp_path / "trials.jsonl")
    published = publish.publish(str(run), "alice/model")
    assert published.passed, published.verified.checks
    assert published.verified.parity is not None
    assert published.verified.parity.rows >= 20
    code = [path for path in published.files if path.endswith(".py")]
    assert bool(code) == (model == "own" or method == "features")
    assert set(loopback_hub.repos["alice/model"].files()) == {*published.files, ".gitattributes"}
