"""Every architecture is opened, learns for two steps, is saved, and says the same when it is opened again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from tiny_models import ARCHITECTURES

from toolkit.adapters import (
    SEQUENCE_HEAD,
    LocatedModel,
    OpenedModel,
    adapter_of,
    open_body,
    open_for_prediction,
    open_for_training,
)
from toolkit.names import Family, Method, Problem

TEXTS = ["the film is good", "bad", "그 영화 는 좋다 , very very good !", "not dull . bright film !"]
POOLED = {"marian", "two-berts"}


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def located(name: str, tmp_path_factory: pytest.TempPathFactory) -> LocatedModel:
    return LocatedModel(name, tiny_models.pretrained(name, tmp_path_factory.mktemp(name)))


def batch(opened: Any, texts: list[str]) -> dict[str, torch.Tensor]:
    return dict(opened.tokenizer(texts, padding=True, return_tensors="pt"))


def logits(opened: OpenedModel, texts: list[str]) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = opened.model(**batch(opened, texts)).logits
    return found


def learn(opened: OpenedModel, labels: torch.Tensor) -> None:
    """Two steps of plain torch."""
    optimizer = torch.optim.AdamW(opened.model.parameters(), lr=0.01)
    opened.model.train()
    for _ in range(2):
        opened.model(**batch(opened, TEXTS), labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    opened.model.eval()


def save(opened: OpenedModel, folder: Path) -> LocatedModel:
    opened.model.save_pretrained(folder)
    opened.tokenizer.save_pretrained(folder)
    return LocatedModel("saved", folder)


def test_opened_trained_saved_and_opened_again_says_the_same(name: str, located: LocatedModel, tmp_path: Path):
    opened = open_for_training(located, SEQUENCE_HEAD, labels=("neg", "pos", "없음"), method=Method.FULL, max_length=24)
    assert opened.family is ARCHITECTURES[name][0]
    assert (type(opened.model).__name__ == "PooledForSequenceClassification") == (name in POOLED)
    assert opened.new_parameters
    before = logits(opened, TEXTS)
    learn(opened, torch.tensor([0, 1, 2, 1]))
    after = logits(opened, TEXTS)
    assert (after - before).abs().max() > 1e-4
    again = open_for_prediction(save(opened, tmp_path), SEQUENCE_HEAD)
    assert (again.labels, again.problem) == (("neg", "pos", "없음"), Problem.SINGLE_LABEL)
    assert (again.family, again.max_length) == (opened.family, 24)
    torch.testing.assert_close(logits(again, TEXTS), after, rtol=0, atol=1e-6)


def test_one_text_alone_gets_what_it_gets_among_many(located: LocatedModel):
    opened = open_for_training(located, SEQUENCE_HEAD, labels=("neg", "pos"), method=Method.FULL)
    many = logits(opened, TEXTS)
    alone = torch.cat([logits(opened, [text]) for text in TEXTS])
    torch.testing.assert_close(alone, many, rtol=0, atol=1e-5 * float(many.abs().max()))


def test_body_gives_the_states_that_the_hub_model_has(name: str, located: LocatedModel):
    """Of each layer that is asked for; of an encoder-decoder those of the encoder, and nothing of it is a decoder."""
    body = open_body(located)
    family = ARCHITECTURES[name][0]
    inputs = batch(body, TEXTS)
    hub = tiny_models.language_model(family).from_pretrained(located.folder).eval()
    reader = hub.get_encoder() if family is Family.ENCODER_DECODER else hub.base_model
    with torch.no_grad():
        expected = reader(**inputs, output_hidden_states=True)
        first, middle, last, second = adapter_of(family).states(body.model, inputs, [0, 1, -1, 2])
        (alone,) = adapter_of(family).states(body.model, inputs, [-1])
        plain = body.model(**inputs).last_hidden_state
    assert first.shape == last.shape == (*inputs["input_ids"].shape, 16)
    real = inputs["attention_mask"].bool()
    torch.testing.assert_close(first[real], expected.hidden_states[0][real])
    torch.testing.assert_close(middle[real], expected.hidden_states[1][real])
    for state in (last, second, alone, plain):
        torch.testing.assert_close(state[real], expected.last_hidden_state[real], rtol=0, atol=1e-6)
    if family is Family.ENCODER_DECODER:
        assert not any("decoder" in part for part, _ in body.model.named_parameters())


@pytest.mark.parametrize(
    ("problem", "labels"),
    [
        (Problem.MULTI_LABEL, torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])),
        (Problem.REGRESSION, torch.tensor([[0.5], [5.0], [2.5], [0.0]])),
    ],
)
@pytest.mark.parametrize("kind", ["roberta", "gpt2", "t5", "marian", "own-decoder"])
def test_other_problems_are_kept_with_the_model(kind: str, tmp_path: Path, problem: Problem, labels: torch.Tensor):
    located = LocatedModel(kind, tiny_models.pretrained(kind, tmp_path / "body"))
    names = ("fun", "sad") if problem is Problem.MULTI_LABEL else ("score",)
    opened = open_for_training(located, SEQUENCE_HEAD, labels=names, method=Method.FULL, problem=problem)
    learn(opened, labels)
    again = open_for_prediction(save(opened, tmp_path / "saved"), SEQUENCE_HEAD)
    assert (again.problem, again.labels) == (problem, names)
    torch.testing.assert_close(logits(again, TEXTS), logits(opened, TEXTS), rtol=0, atol=1e-6)
