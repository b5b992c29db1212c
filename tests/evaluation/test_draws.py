"""Texts that are drawn: by the probabilities of the library, and each row by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from scipy.stats import chisquare
from test_generate import TEXTS, _opened
from transformers import GenerationConfig

from toolkit.adapters.writing import seed_of, update_generation
from toolkit.errors import RecipeError
from toolkit.evaluation.inference import generate
from toolkit.evaluation.inference.draws import Draws, numbers_of
from toolkit.evaluation.inference.generate import write_texts
from toolkit.names import Task

SETTINGS = {"do_sample": True, "temperature": 1.3, "top_k": 30, "top_p": 0.95, "max_new_tokens": 9}
KINDS = {"decoder": (Task.TEXT_GENERATION, "text"), "encoder-decoder": (Task.TRANSLATION, "source")}


def _rows(column: str, texts: Sequence[str]) -> Dataset:
    return Dataset.from_dict({"id": list(range(len(texts))), column: list(texts)})


@pytest.mark.parametrize("architecture", KINDS)
def test_a_row_is_drawn_by_itself(architecture: str, monkeypatch: pytest.MonkeyPatch):
    task, column = KINDS[architecture]
    opened = _opened(task, architecture, **SETTINGS)
    torch.manual_seed(3)
    state = torch.get_rng_state()
    together = write_texts(opened, _rows(column, TEXTS))[0].predictions
    assert torch.get_rng_state().equal(state)
    torch.manual_seed(4)
    assert write_texts(opened, _rows(column, TEXTS[::-1]))[0].predictions[::-1] == together
    monkeypatch.setattr(generate, "ROWS_AT_ONCE", 2)
    assert write_texts(opened, _rows(column, TEXTS))[0].predictions == together
    assert [write_texts(opened, _rows(column, [text]))[0].predictions[0] for text in TEXTS] == together
    opened.model.generation_config.seed = 1
    others = write_texts(opened, _rows(column, TEXTS))[0].predictions
    assert sum(one != other for one, other in zip(others, together, strict=True)) >= 4
    opened.model.generation_config.do_sample = False
    likeliest = write_texts(opened, _rows(column, TEXTS))[0].predictions
    assert likeliest != together
    assert len(set(together)) >= 4  # bytes that are no character look alike


@pytest.mark.parametrize(
    "settings",
    [
        {"top_k": 0},
        {"temperature": 0.7, "top_k": 0},
        {"temperature": 1.5, "top_k": 6},
        {"top_k": 0, "top_p": 0.8},
        {},  # the library's own
    ],
    ids=str,
)
def test_the_distribution_is_that_of_the_library(settings: dict[str, float]):
    """Many draws of one step, beside the softmax of what the library's own processors leave."""
    opened = _opened(Task.TEXT_GENERATION, "decoder", max_new_tokens=1, do_sample=True, **settings)
    for parameter in opened.model.parameters():
        parameter.data.mul_(1.6)  # so that some tokens are likelier than others
    n_draws = 4_000
    ids = torch.tensor([[opened.tokenizer.bos_token_id, 7, 9]])
    made = opened.model.generate(
        ids, attention_mask=torch.ones_like(ids), return_dict_in_generate=True, output_scores=True
    )
    expected = made.scores[0][0].double().softmax(-1)
    assert float(expected.max()) < 0.9
    drawn = torch.zeros(len(expected), dtype=torch.float64)
    prompts = [[7, 9, number] for number in range(n_draws)]  # what is read decides the numbers
    numbers = numbers_of(prompts, seed=0, n_tokens=1)
    for row in Draws(numbers)(ids, made.scores[0].expand(n_draws, -1)):
        assert int(row.isfinite().sum()) == 1
        drawn[row.argmax()] += 1
    assert not drawn[expected == 0].any()
    often = expected * n_draws >= 5
    counts = torch.cat([drawn[often], drawn[~often].sum()[None]])
    wanted = torch.cat([expected[often], expected[~often].sum()[None]]) * n_draws
    if wanted[-1] == 0:
        counts, wanted = counts[:-1], wanted[:-1]
    assert len(wanted) >= 5
    assert chisquare(counts.numpy(), wanted.numpy() * counts.sum().item() / wanted.sum().item()).pvalue > 0.001


def test_what_is_drawn_in_generate_is_drawn_from_what_the_processors_leave(monkeypatch: pytest.MonkeyPatch):
    """The draw comes behind top-k: with the likeliest alone left it is the greedy text, whatever the numbers."""
    likeliest = write_texts(_opened(Task.TEXT_GENERATION, "decoder", max_new_tokens=9), _rows("text", TEXTS))[0]
    settings = {"do_sample": True, "top_k": 1, "temperature": 3.0, "max_new_tokens": 9}
    opened = _opened(Task.TEXT_GENERATION, "decoder", **settings)
    assert write_texts(opened, _rows("text", TEXTS))[0].predictions == likeliest.predictions
    # Without limits the first token is that in which the row's first number falls.
    opened = _opened(Task.TEXT_GENERATION, "decoder", do_sample=True, top_k=0, max_new_tokens=1)
    plain = opened.tokenizer("a dog", add_special_tokens=False)["input_ids"]
    ids = [opened.tokenizer.bos_token_id, *plain]
    number = numbers_of([ids], seed=0, n_tokens=1)
    with torch.no_grad():
        ends = opened.model(torch.tensor([ids])).logits[0, -1].double().softmax(-1).cumsum(-1)
    expected = opened.tokenizer.decode([int((ends <= number[0, 0]).sum())], skip_special_tokens=True)
    assert write_texts(opened, _rows("text", ["a dog"]))[0].predictions == [expected]


@pytest.mark.parametrize("seed", [0, 5])
def test_the_seed_is_kept_beside_the_settings(seed: int, tmp_path: Path):
    opened = _opened(Task.TEXT_GENERATION, "decoder")
    update_generation(opened.model.generation_config, SETTINGS, seed=seed)
    opened.model.save_pretrained(tmp_path)
    opened.model.generation_config = GenerationConfig.from_pretrained(tmp_path)
    assert seed_of(opened) == seed
    assert opened.model.generation_config.top_p == SETTINGS["top_p"]


def test_beams_are_not_drawn():
    settings = GenerationConfig(num_beams=4)  # of a model of the hub
    with pytest.raises(RecipeError, match="num_beams: 4, which go without do_sample; add num_beams: 1"):
        update_generation(settings, {"do_sample": True}, seed=0)
    update_generation(settings, {"do_sample": True, "num_beams": 1}, seed=0)
