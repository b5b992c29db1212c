"""The gradient of a step of a model that writes: a hand-written one of plain transformers, however it is divided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from writing_models import (
    CODES,
    DECODERS,
    ENCODER_DECODERS,
    LANGUAGES,
    PAIRS,
    TOKENS_OF_SOURCES,
    recipe_for,
    write_chats,
    write_pairs,
    writing_model,
)

import toolkit.tasks.texts.room as room
from toolkit.adapters import OpenedModel
from toolkit.adapters.batching import Batching, batching_of
from toolkit.recipe import Recipe
from toolkit.tasks import room_of
from toolkit.training.objective import Objective

PAIR = {"source": "source", "target": "target"}


def opened_with(recipe: Recipe, work: Path) -> tuple[Objective, OpenedModel]:
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    opened = room.open_for_training(recipe, data, tokenizer_folder=work)
    return room.objective(recipe, data, opened), opened


def gradients(objective: Objective, model: Any, divided: list[list[int]]) -> dict[str, torch.Tensor]:
    """Of one step over some rows that lie in several micro-batches, as the trainer takes it."""
    rows = objective.train_rows
    collate = objective.collator(None)  # type: ignore[arg-type]
    columns = [name for name in rows.column_names if name not in ("length", "id")]
    batches = [collate([{name: rows[i][name] for name in columns} for i in micro]) for micro in divided]
    n_items = sum(int((batch["labels"] != -100).sum()) for batch in batches)
    model.zero_grad()
    for batch in batches:
        labels = batch.pop("labels")
        objective.loss(model(**batch), labels, num_items_in_batch=n_items).backward()
    return {name: tensor.grad.clone() for name, tensor in model.named_parameters() if tensor.grad is not None}


def by_hand(folder: Path, name: str, *, prompt: str, n_rows: int) -> dict[str, torch.Tensor]:
    """The mean loss of all tokens of the targets, a row at a time, with nothing but the library."""
    told = dict(zip(("src_lang", "tgt_lang"), CODES.get(name, ()), strict=False))
    tokenizer = AutoTokenizer.from_pretrained(folder, **told)
    prompt = TOKENS_OF_SOURCES.get(name, "") + prompt
    pair = AutoConfig.from_pretrained(folder).is_encoder_decoder
    model = (
        (AutoModelForSeq2SeqLM if pair else AutoModelForCausalLM).from_pretrained(folder, dtype=torch.float32).eval()
    )
    total, n_tokens = torch.zeros(()), 0
    for source, target in PAIRS[:n_rows]:
        asked = prompt.replace("{source}", source)
        if pair:
            inputs = tokenizer(asked, text_target=target, return_tensors="pt")
            labels = inputs["labels"]  # which the model's own class shifts
            logits = model(**inputs).logits
        else:
            read = tokenizer(asked + "\n", add_special_tokens=False)["input_ids"]
            written = [*tokenizer(target, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
            ids, labels = torch.tensor([[*read, *written]]), torch.tensor([written])
            logits = model(input_ids=ids).logits[:, len(read) - 1 : -1]
        total = total + cross_entropy(logits[0].float(), labels[0], reduction="sum")
        n_tokens += labels.numel()
    (total / n_tokens).backward()
    return {name: tensor.grad for name, tensor in model.named_parameters() if tensor.grad is not None}


def agree(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    largest = max(float(tensor.abs().max()) for tensor in expected.values())
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-4, atol=1e-5 * max(1.0, largest))


@pytest.mark.filterwarnings("ignore:Version v4.12.0:FutureWarning")
@pytest.mark.parametrize("name", [name for name in (*DECODERS, *ENCODER_DECODERS) if name != "qwen2"])
def test_a_step_is_that_of_plain_transformers_however_it_is_divided(name: str, tmp_path: Path) -> None:
    folder = writing_model(name, tmp_path / "body")
    source = write_pairs(tmp_path)
    prompt = "the film : {source}"
    splits = {"train": str(source), "test": str(source), "source": None, "validation_size": 0}
    data = {"prompt": prompt, **splits, **LANGUAGES.get(name, {})}
    recipe = recipe_for("translation", folder, source, PAIR, data=data)
    objective, opened = opened_with(recipe, tmp_path)
    model = opened.model.eval()
    whole = gradients(objective, model, [[0, 1, 2, 3, 4]])
    agree(whole, by_hand(folder, name, prompt=prompt, n_rows=5))
    agree(gradients(objective, model, [[4, 2], [0], [3, 1]]), whole)


def test_packed_pairs_give_the_gradient_of_padded_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of our own Transformer, which somebody has trained before."""
    folder, source = writing_model("own-encoder-decoder", tmp_path / "body"), write_pairs(tmp_path)
    recipe = recipe_for("text-generation", folder, source, PAIR, data={"prompt": "the film : {source}"})
    packed, opened = opened_with(recipe, tmp_path)
    assert batching_of(opened.model, opened.family) is Batching.PACKED
    monkeypatch.setattr(room, "batching_of", lambda *_: Batching.PADDED)
    padded, again = opened_with(recipe, tmp_path)
    assert (packed.packed, padded.packed) == (True, False)
    rows = [[0, 1, 2, 3, 4, 5]]
    agree(gradients(padded, again.model.eval(), rows), gradients(packed, opened.model.eval(), rows))


@pytest.mark.parametrize("name", DECODERS)
def test_packed_chats_give_the_gradient_of_padded_ones(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    folder = writing_model(name, tmp_path / "body")
    source = write_chats(tmp_path)
    recipe = recipe_for("text-generation", folder, source, {"messages": "messages"})
    objective, opened = opened_with(recipe, tmp_path)
    packed = gradients(objective, opened.model.eval(), [[0, 1, 2, 3]])
    assert objective.packed == batching_of(opened.model, opened.family).packs
    monkeypatch.setattr(room, "batching_of", lambda *_: Batching.PADDED)
    padded, _ = opened_with(recipe, tmp_path)
    assert not padded.packed
    agree(gradients(padded, opened.model, [[0, 1, 2, 3]]), packed)


def test_models_that_take_packed_rows_are_found_by_trying(tmp_path: Path) -> None:
    found = {}
    for name in DECODERS:
        recipe = recipe_for("translation", writing_model(name, tmp_path / name), write_pairs(tmp_path), PAIR)
        _, opened = opened_with(recipe, tmp_path)
        found[name] = batching_of(opened.model, opened.family)
    by_position = {"gpt2", "llama", "qwen2", "qwen3", "mistral", "gemma", "gemma2"}
    assert found.pop("own-decoder") is Batching.PACKED  # which is told where sequences end
    assert {name for name, batching in found.items() if batching is Batching.BY_POSITION} >= by_position
    assert set(found.values()) <= {Batching.BY_POSITION, Batching.PADDED}
