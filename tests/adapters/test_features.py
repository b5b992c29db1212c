"""Features against the library's own models, text by text; each text is read once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from datasets import Dataset
from transformers import AutoModel, AutoTokenizer

from toolkit.adapters import LocatedModel, OpenedBody, export_pooled, features, locate_model, open_body
from toolkit.adapters.features import feature_cache, model_digest, pooled_features
from toolkit.data.feature_table import Vectors
from toolkit.errors import IntegrityError, RecipeError
from toolkit.names import Problem

NAMES = ("bert", "gpt2", "t5")
TEXTS = ["the film is good", "bad", "그 영화 는 좋다 .", "the film is very very dull , not good !", "bad", "a b c"]
PAIRS = ["a b", "the film", "bad", "c d e", "the film", "g"]


@pytest.fixture(autouse=True)
def cache_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {name: tiny_models.pretrained(name, root / name) for name in NAMES}


def opened(folder: Path, **settings: Any) -> OpenedBody:
    return open_body(LocatedModel(folder.name, folder), **settings)


def rows(texts: Sequence[str] = TEXTS, pairs: Sequence[str] | None = None) -> Dataset:
    return Dataset.from_dict({"text": texts} | ({} if pairs is None else {"text_pair": pairs}))


def one_by_one(folder: Path, pairs: Sequence[str] | None = None) -> list[list[torch.Tensor]]:
    """The states ``[length, dim]`` of all layers of each text, read alone by the library's own model."""
    model = AutoModel.from_pretrained(folder)
    reader = model.get_encoder() if model.config.is_encoder_decoder else model
    tokenizer = AutoTokenizer.from_pretrained(folder)
    states = []
    for text, pair in zip(TEXTS, pairs or [None] * len(TEXTS), strict=True):
        ids = tokenizer(text, pair, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            found = reader(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
        states.append([layer[0] for layer in found.hidden_states])
    return states


POOLED = {
    "mean": lambda states: states.mean(dim=0),
    "cls": lambda states: states[0],
    "last": lambda states: states[-1],
    "max": lambda states: states.amax(dim=0),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pooling", POOLED)
def test_every_row_is_what_the_model_makes_of_it_alone(name: str, pooling: str, folders: dict[str, Path]):
    found = pooled_features(opened(folders[name]), rows(), pooling=pooling, layers=[-1, 0])
    expected = [
        torch.cat([POOLED[pooling](states[-1]), POOLED[pooling](states[0])]) for states in one_by_one(folders[name])
    ]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, torch.stack(expected), atol=2e-6)


def test_pairs_are_read_together(folders: dict[str, Path]):
    found = pooled_features(opened(folders["bert"]), rows(pairs=PAIRS))
    expected = torch.stack([states[-1].mean(dim=0) for states in one_by_one(folders["bert"], PAIRS)])
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.array_equal(found[1], found[4])  # the same pair


@pytest.mark.parametrize("name", NAMES)
def test_head_on_features_is_the_exported_model(name: str, folders: dict[str, Path]):
    body = opened(folders[name])
    settings: dict[str, Any] = {"pooling": "max", "layers": [1, -1]}
    found = torch.from_numpy(pooled_features(body, rows(), **settings))
    weight, bias = torch.randn(3, found.shape[1]), torch.randn(3)
    model = export_pooled(
        body, **settings, weight=weight, bias=bias, labels=("a", "b", "c"), problem=Problem.SINGLE_LABEL
    )
    tokens = body.tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).logits
    torch.testing.assert_close(logits, found @ weight.T + bias, atol=1e-5, rtol=1e-5)


def counted(body: OpenedBody) -> list[int]:
    """Gets the rows of each batch that the body reads."""
    sizes: list[int] = []
    body.model.register_forward_pre_hook(
        lambda _module, _args, given: sizes.append(len(given["input_ids"])), with_kwargs=True
    )
    return sizes


def test_equal_texts_are_read_once_and_later_not_at_all(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(features, "_CPU_TOKENS", 12)
    monkeypatch.setattr(features, "_UNIT_ROWS", 2)
    body = opened(folders["bert"])
    cache = feature_cache(body, folders["bert"])
    sizes = counted(body)
    first = pooled_features(body, rows(), cache=cache)
    assert sum(sizes) == len(set(TEXTS))
    again = opened(folders["bert"])
    none = counted(again)
    found = pooled_features(again, rows(TEXTS[::-1]), cache=feature_cache(again, folders["bert"]))
    assert none == []
    np.testing.assert_array_equal(found, first[::-1])
    np.testing.assert_allclose(first, pooled_features(again, rows()), atol=2e-6)


def test_long_text_is_cut_and_kept_apart(folders: dict[str, Path]):
    short, whole = opened(folders["bert"], max_length=4), opened(folders["bert"])
    found: list[Vectors] = [
        pooled_features(body, rows(), cache=feature_cache(body, folders["bert"])) for body in (short, whole)
    ]
    np.testing.assert_array_equal(found[0][1], found[0][4])
    assert np.abs(found[0][3] - found[1][3]).max() > 1e-3
    np.testing.assert_allclose(found[0][1], found[1][1], atol=2e-6)


def test_bfloat16_is_near_and_kept_apart(folders: dict[str, Path]):
    body = opened(folders["bert"])
    exact = pooled_features(body, rows(), cache=feature_cache(body, folders["bert"]))
    rough = pooled_features(body, rows(), cache=feature_cache(body, folders["bert"], bf16=True), bf16=True)
    assert rough.dtype == np.float32
    assert 0 < np.abs(rough - exact).max() < 0.05 * np.abs(exact).max()


def test_digest_is_that_of_the_files_that_count(tmp_path: Path):
    folder = tiny_models.pretrained("bert", tmp_path / "model")
    before = model_digest(folder)
    (folder / "README.md").write_text("hello", encoding="utf-8")
    assert model_digest(folder) == before
    copied = tiny_models.pretrained("bert", tmp_path / "copy")
    assert model_digest(copied) == before
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text((folder / name).read_text(encoding="utf-8") + "\n", encoding="utf-8")
        before, last = model_digest(folder), before
        assert before != last
    assert model_digest(tiny_models.pretrained("bert", tmp_path / "other", seed=1)) != model_digest(copied)


def test_layer_that_is_not_there_is_refused_before_anything_is_read(folders: dict[str, Path]):
    body = opened(folders["bert"])
    sizes = counted(body)
    with pytest.raises(RecipeError, match="there is no layer 7"):
        pooled_features(body, rows(), layers=[-1, 7])
    assert sizes == []


def test_numbers_that_are_not_finite_are_an_error_and_are_not_kept(folders: dict[str, Path]):
    body = opened(folders["bert"])
    cache = feature_cache(body, folders["bert"])
    with torch.no_grad():
        body.model.get_input_embeddings().weight[:] = torch.inf
    with pytest.raises(IntegrityError, match="model bert: the model gives numbers that are not finite"):
        pooled_features(body, rows(), cache=cache)
    assert not list(cache.folder.glob("*.safetensors"))


def test_real_model_puts_like_meanings_together():
    located = locate_model("packaged:minilm")
    texts = ["How do I locate my card?", "Where is my card?", "The film was a joy."]
    found = pooled_features(open_body(located), rows(texts))
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    alike = unit @ unit.T
    assert alike[0, 1] > 0.6 > 0.3 > max(alike[0, 2], alike[1, 2])
