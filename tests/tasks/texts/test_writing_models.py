"""Hub models of many architectures learn to write, are saved, and write the same in plain transformers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from writing_models import (
    DECODERS,
    ENCODER_DECODERS,
    LANGUAGES,
    family_of_model,
    recipe_for,
    write_chats,
    write_pairs,
    write_texts_file,
    writing_model,
)

from toolkit.adapters import LocatedModel
from toolkit.evaluation.proof.parity import compare
from toolkit.hub.verify import replay
from toolkit.methods import METHODS, Used
from toolkit.names import Family
from toolkit.recipe import Recipe
from toolkit.tasks import room_of, task_of

PAIR = {"source": "source", "target": "target"}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    for write in (write_pairs, write_chats, write_texts_file):
        write(folder)
    return folder


def carried_out(recipe: Recipe, work: Path) -> Used:
    """Carry out a recipe with the method's own function, and look at its proof."""
    room = room_of(recipe.task)
    work.mkdir()
    used = METHODS[recipe.way](room, recipe, room.prepare(recipe), work=work)
    assert used.result.rows == 4
    assert used.proof is not None
    assert all(parity.passed for parity in used.proof.parity.values())
    return used


def check_in_plain_transformers(used: Used, recipe: Recipe) -> None:
    """Replay the golden rows with the library alone, as `toolkit verify` does."""
    assert used.proof is not None
    golden = used.proof.golden
    assert golden["rows"]
    assert any("prediction" in row for row in golden["rows"])
    factory = AutoModelForSeq2SeqLM if used.family is Family.ENCODER_DECODER else AutoModelForCausalLM
    model = factory.from_pretrained(used.folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(used.folder)
    with torch.inference_mode():
        answers = list(replay.TASKS[recipe.task][1](model, tokenizer, golden))
    parity = compare(golden["rows"], answers, golden["tolerance"])
    assert parity.passed, parity
    assert [replay._ids_digest(tokenizer, row, dict(golden)) for row in golden["rows"]] == [
        row["ids"] for row in golden["rows"]
    ]
    assert task_of(LocatedModel("model", used.folder)) is recipe.task


@pytest.mark.filterwarnings("ignore:Version v4.12.0:FutureWarning")  # a model made of two, asked for its loss
@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_encoder_decoders_learn_pairs(name: str, rows: Path, tmp_path: Path) -> None:
    folder = writing_model(name, tmp_path / "body")
    data = {"prompt": "the film : {source}", **LANGUAGES.get(name, {})}
    recipe = recipe_for("translation", folder, rows / "pairs.jsonl", PAIR, data=data)
    used = carried_out(recipe, tmp_path / "run")
    check_in_plain_transformers(used, recipe)


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("form", ["pairs", "chats", "texts"])
def test_decoders_learn_texts_pairs_and_chats(name: str, form: str, rows: Path, tmp_path: Path) -> None:
    folder = writing_model(name, tmp_path / "body")
    if form == "pairs":
        recipe = recipe_for("summarization", folder, rows / "pairs.jsonl", PAIR, data={"prompt": "bad : {source}"})
    else:
        column, file = {"chats": ("messages", "chats.jsonl"), "texts": ("text", "texts.txt")}[form]
        recipe = recipe_for("text-generation", folder, rows / file, {column: column})
    used = carried_out(recipe, tmp_path / "run")
    check_in_plain_transformers(used, recipe)


@pytest.mark.parametrize("name", ["t5", "marian", "gpt2", "llama"])
def test_lora_merges_into_what_it_was(name: str, rows: Path, tmp_path: Path) -> None:
    folder = writing_model(name, tmp_path / "body")
    modules = {"t5": "q", "marian": "q_proj", "gpt2": "c_attn", "llama": "q_proj"}[name]
    recipe = recipe_for(
        "translation", folder, rows / "pairs.jsonl", PAIR, method="lora", peft={"target_modules": [modules], "r": 2}
    )
    used = carried_out(recipe, tmp_path / "run")
    assert used.proof is not None
    assert set(used.proof.parity) == {"saved", "merged"}
    assert used.trained.parameters.trainable < used.trained.parameters.total / 5
    assert used.family is family_of_model(name)
