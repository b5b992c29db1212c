"""Models of many architectures that learn tags, are saved, and answer the same in plain transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tagging_models import recipe_for, write_sentences
from tiny_models import OWN, pretrained
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from toolkit.adapters import LocatedModel
from toolkit.errors import RecipeError
from toolkit.evaluation.proof.golden import make_golden
from toolkit.evaluation.proof.parity import compare
from toolkit.hub.verify import replay
from toolkit.methods import METHODS
from toolkit.recipe import Recipe
from toolkit.tasks import room_of, task_of
from toolkit.tasks.token_classification.inputs import read_inputs
from toolkit.tasks.token_classification.predict import predict

TEXTS = ["the film is good", "그 영화 는 좋다 , 그 film !", "was the film not very dull", " the   film ."]
ARCHITECTURES = ("bert", "roberta", "deberta-v2", "modernbert", "electra", "gpt2", "llama", "qwen2", "t5")


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sentences(tmp_path_factory.mktemp("tagged"))


def carried_out(recipe: Recipe, work: Path) -> Path:
    """Carry out a recipe with the method's own function, which proves what it saves; return the model's folder."""
    room = room_of(recipe.task)
    work.mkdir()
    used = METHODS[recipe.way](room, recipe, room.prepare(recipe), work=work)
    assert used.result.rows == 4
    assert used.proof is not None
    assert all(parity.passed for parity in used.proof.parity.values())
    assert used.proof.golden["rows"]
    return used.folder


def check_in_plain_transformers(folder: Path) -> None:
    """Compare golden answers, and the entities of the library's pipeline, with those of the toolkit."""
    located = LocatedModel("model", folder)
    room = room_of(task_of(located))
    opened = room.open(located)
    rows = read_inputs(TEXTS, columns={})
    golden = make_golden(room, opened, rows)
    model = AutoModelForTokenClassification.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        answers = list(replay.TASKS["token-classification"][1](model.eval(), tokenizer, golden))
    assert len(answers) == len(TEXTS)
    assert compare(golden["rows"], answers, golden["tolerance"]).passed

    simple = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple")
    predicted = predict(opened, rows).columns()["entities"]
    for text, ours, theirs in zip(TEXTS, predicted, simple(TEXTS), strict=True):
        expected = [in_words(text, each, "entity_group", "score") for each in theirs]
        assert [in_words(text, each, "label", "probability") for each in ours] == [
            each
            for each in expected
            if each[0] < each[1]  # a blank may have a tag in a model of two steps
        ]


def in_words(text: str, entity: dict[str, Any], label: str, score: str) -> tuple[int, int, str, Any]:
    """Return an entity without the blank that some tokenizers count to its first token."""
    part = text[entity["start"] : entity["end"]]
    start = entity["start"] + len(part) - len(part.lstrip())
    return start, start + len(part.strip()), entity[label], pytest.approx(float(entity[score]), abs=1e-5)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_learns_tags(name: str, tagged: Path, tmp_path: Path) -> None:
    folder = pretrained(name, tmp_path / "body")
    recipe = recipe_for({"name": str(folder)}, tagged)
    check_in_plain_transformers(carried_out(recipe, tmp_path / "run"))


@pytest.mark.parametrize("architecture", ["encoder", "decoder", "encoder-decoder"])
def test_our_own_begins_at_random(architecture: str, tagged: Path, tmp_path: Path) -> None:
    config = {name: size for name, size in OWN.items() if name != "vocab_size"} | {"architecture": architecture}
    recipe = recipe_for({"config": config}, tagged, method="scratch", tokenizer={"vocab_size": 320})
    folder = carried_out(recipe, tmp_path / "run")
    check_in_plain_transformers(folder)


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_an_adapter_is_merged(name: str, tagged: Path, tmp_path: Path) -> None:
    folder = pretrained(name, tmp_path / "body")
    recipe = recipe_for({"name": str(folder)}, tagged, method="lora", peft={"r": 2})
    check_in_plain_transformers(carried_out(recipe, tmp_path / "run"))
    adapter = LocatedModel("adapter", tmp_path / "run" / "adapter")
    assert task_of(adapter) == "token-classification"


@pytest.mark.parametrize("name", ["bert", "llama", "t5"])
def test_a_head_is_fitted_to_frozen_states(name: str, tagged: Path, tmp_path: Path) -> None:
    folder = pretrained(name, tmp_path / "body")
    recipe = recipe_for({"name": str(folder)}, tagged, method="features")
    check_in_plain_transformers(carried_out(recipe, tmp_path / "run"))


def test_a_head_of_several_layers_is_not_fitted(tagged: Path, tmp_path: Path) -> None:
    folder = pretrained("modernbert", tmp_path / "body")
    recipe = recipe_for({"name": str(folder)}, tagged, method="features")
    room = room_of(recipe.task)
    with pytest.raises(RecipeError, match="more than one linear layer"):
        room.fit_head(recipe, room.prepare(recipe))
    pooled = recipe_for({"name": str(folder)}, tagged, method="features", features={"pooling": "max"})
    with pytest.raises(RecipeError, match="take the section out"):
        room.fit_head(pooled, room.prepare(pooled))


def test_a_model_without_such_a_head_is_refused(tagged: Path, tmp_path: Path) -> None:
    folder = pretrained("bart", tmp_path / "body")
    recipe = recipe_for({"name": str(folder)}, tagged)
    room = room_of(recipe.task)
    with pytest.raises(RecipeError, match="'bart' have no head for token-classification"):
        room.open_for_training(recipe, room.prepare(recipe), tokenizer_folder=tmp_path)
