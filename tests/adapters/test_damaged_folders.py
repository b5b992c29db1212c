"""Model folders that are damaged or absurd: one line with the file and the key, exit code 7, in every way to open."""

from __future__ import annotations

import contextlib
import json
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, open_body, open_config, open_for_training, open_tokenizer
from toolkit.errors import IntegrityError, ToolkitError
from toolkit.names import Method

CONFIG: dict[str, tuple[dict[str, Any], str]] = {
    "no-heads": ({"num_attention_heads": 0}, "num_attention_heads"),
    "heads-do-not-divide": ({"num_attention_heads": 5}, "heads"),
    "text-for-a-size": ({"hidden_size": "x"}, "hidden_size"),
    "null-size": ({"hidden_size": None}, "hidden_size"),
    "list-of-labels": ({"id2label": [1, 2]}, "id2label"),
    "labels-by-text": ({"id2label": {"a": "b"}}, "id2label"),
    "label-missing": ({"id2label": {"0": "a", "7": "b"}}, "id2label"),
    "type-list": ({"model_type": ["bert"]}, "model_type"),
    "type-unknown": ({"model_type": "nonesuch"}, "nonesuch"),
    "quantized": ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}, "bitsandbytes"),
    "quantized-by-text": ({"quantization_config": "8bit"}, "quantization_config"),
    "layers": ({"num_hidden_layers": 10**9}, "num_hidden_layers is 1,000,000,000"),
    "no-layers": ({"num_hidden_layers": -1}, "num_hidden_layers"),
    "wide": ({"hidden_size": 10**9}, "hidden_size is 1,000,000,000"),
    "words": ({"vocab_size": 10**12}, "vocab_size"),
    "activation": ({"hidden_act": "nonesuch"}, "nonesuch"),
    "dtype": ({"dtype": "nonesuch"}, "dtype"),
    "dropout": ({"hidden_dropout_prob": 7}, "hidden_dropout_prob"),
    "positions": ({"max_position_embeddings": "many"}, "max_position_embeddings"),
    "pad": ({"pad_token_id": 10**9}, "pad_token_id"),
}
FILES: dict[str, tuple[str, bytes, str]] = {
    "config-null": ("config.json", b"null", "config.json"),
    "config-list": ("config.json", b"[]", "config.json"),
    "config-empty": ("config.json", b"", "config.json"),
    "config-deep": ("config.json", b"[" * 100_000, "config.json"),
    "config-utf-16": ("config.json", '{"a": 1}'.encode("utf-16"), "config.json"),
    "config-html": ("config.json", b"<!DOCTYPE html><html>log in</html>", "an HTML page"),
    "tokenizer-list": ("tokenizer.json", b"[]", "tokenizer.json"),
    "tokenizer-model": ("tokenizer.json", b'{"model": 5}', "tokenizer.json"),
    "tokenizer-null": ("tokenizer.json", b"null", "tokenizer.json"),
    "tokenizer-empty": ("tokenizer.json", b"", "tokenizer.json"),
    "tokenizer-settings-list": ("tokenizer_config.json", b"[1]", "tokenizer_config.json"),
    "tokenizer-class": ("tokenizer_config.json", b'{"tokenizer_class": 5}', "tokenizer_class"),
    "generation": ("generation_config.json", b"[]", "generation_config.json"),
    "weights-lfs": ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "git lfs pull"),
    "weights-html": ("model.safetensors", b"<html></html>", "an HTML page"),
    "weights-pickle": ("model.safetensors", b"\x80\x02}q\x00.", "a pickle"),
    "weights-empty": ("model.safetensors", b"", "model.safetensors is damaged"),
    "weights-cut": ("model.safetensors", b"\x10\x00\x00\x00\x00\x00\x00\x00{}", "model.safetensors is damaged"),
    "weights-twice": (
        "model.safetensors",
        (header := b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}}')
        and len(header).to_bytes(8, "little") + header + bytes(4),
        "",
    ),
}


def _train(located: LocatedModel) -> Any:
    return open_for_training(located, SEQUENCE_HEAD, labels=["a", "b"], method=Method.FULL)


@pytest.fixture
def folder(tiny_bert: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bert, tmp_path / "model"))


def _change(file: Path, **changed: Any) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | changed), encoding="utf-8")


def _refused(opens: Callable[[LocatedModel], Any], folder: Path, words: str) -> None:
    with pytest.raises(IntegrityError) as raised:
        opens(LocatedModel("mine", folder))
    message = str(raised.value)
    assert words in message, message
    assert message.startswith("model mine: ")


@pytest.mark.parametrize("name", CONFIG)
def test_settings_that_no_model_has(name: str, folder: Path):
    changed, words = CONFIG[name]
    _change(folder / "config.json", **changed)
    _refused(_train, folder, words)
    for opens in (open_body, open_config, open_tokenizer):  # may do without what is damaged, or say so
        with contextlib.suppress(ToolkitError):
            opens(LocatedModel("mine", folder))


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_something_else(name: str, folder: Path):
    file, content, words = FILES[name]
    (folder / file).write_bytes(content)
    _refused(_train, folder, words)


def test_a_tokenizer_of_a_later_version(folder: Path):
    _change(folder / "tokenizer.json", version="2.0")
    _refused(_train, folder, 'tokenizer.json: version is "2.0"')
    _refused(open_tokenizer, folder, 'tokenizer.json: version is "2.0"')


def test_too_many_layers_are_refused_before_anything_is_built(folder: Path):
    _change(folder / "config.json", num_hidden_layers=10**9)
    tracemalloc.start()
    try:
        _refused(open_tokenizer, folder, "num_hidden_layers is 1,000,000,000, and the weights hold")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_settings_that_are_plain_still_open(folder: Path):
    assert torch.isfinite(next(_train(LocatedModel("mine", folder)).model.parameters())).all()
