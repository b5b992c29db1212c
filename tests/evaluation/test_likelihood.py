"""Likelihoods from packed batches equal those of single texts, counted one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from datasets import Dataset

from toolkit.adapters import OpenedModel, open_from_scratch
from toolkit.adapters.batching import Batching
from toolkit.data.row_layouts import layout_of
from toolkit.data.vocabulary import train_tokenizer
from toolkit.evaluation.inference import likelihood
from toolkit.evaluation.inference.likelihood import mean_loss, measure_likelihoods
from toolkit.names import Task
from toolkit.tasks import room_of

TEXTS = ["the cat sat on the mat", "a dog", "the dog and the cat ran to the old house by the sea", "나는 밥을 먹었다"]
TARGETS = ["die katze", "ein hund lief", "der hund", "ich aß reis"]


def _opened(task: Task, architecture: str, **settings: object) -> OpenedModel:
    tokenizer = train_tokenizer(TEXTS * 3 + TARGETS * 3, kind="bpe", vocab_size=400, max_length=64)
    torch.manual_seed(0)
    config = {"architecture": architecture, "hidden_size": 32, "encoder_layers": 1, "decoder_layers": 2}
    config |= {"num_attention_heads": 4, "intermediate_size": 48}
    return open_from_scratch({**config, **settings}, tokenizer, head=room_of(task).head, max_length=64)


def _pairs() -> Dataset:
    return Dataset.from_dict({"id": [4, 5, 6, 7], "source": TEXTS, "target": TARGETS})


def _texts() -> Dataset:
    return Dataset.from_dict({"id": [4, 5, 6, 7], "text": TEXTS})


@pytest.mark.parametrize("budget", [8, 30, 4096])
def test_targets_given_their_sources(monkeypatch: pytest.MonkeyPatch, budget: int):
    monkeypatch.setattr(likelihood, "TOKENS_AT_ONCE", budget)
    opened = _opened(Task.TRANSLATION, "encoder-decoder")
    found = measure_likelihoods(opened, _pairs())
    for i, (source, target) in enumerate(zip(TEXTS, TARGETS, strict=True)):
        given = opened.tokenizer(source, return_tensors="pt")["input_ids"]
        labels = opened.tokenizer(target, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            log_p = opened.model(input_ids=given, labels=labels).logits.log_softmax(-1)
        expected = -log_p[0].gather(1, labels[0][:, None]).sum()
        assert found.negative_log_likelihood[i] == pytest.approx(float(expected), rel=1e-5)
        assert found.tokens[i] == labels.shape[1]
        assert found.characters[i] == len(target)
    assert found.correct is None


def test_texts_of_a_language_model_long_ones_in_parts():
    opened = _opened(Task.TEXT_GENERATION, "decoder")
    whole = measure_likelihoods(opened, _texts())
    for i, text in enumerate(TEXTS):
        ids = torch.tensor([[opened.tokenizer.bos_token_id, *opened.tokenizer(text)["input_ids"]]])
        with torch.no_grad():
            log_p = opened.model(input_ids=ids).logits[0, :-1].log_softmax(-1)
        expected = -log_p.gather(1, ids[0, 1:, None]).sum()
        assert whole.negative_log_likelihood[i] == pytest.approx(float(expected), rel=1e-5)
        assert whole.tokens[i] == ids.shape[1] - 1
    short = measure_likelihoods(
        OpenedModel(opened.name, opened.family, opened.model, opened.tokenizer, (), 6, ()), _texts()
    )
    assert short.tokens.tolist() == whole.tokens.tolist()  # no token is lost, and none is counted twice
    assert (short.negative_log_likelihood != whole.negative_log_likelihood).any()


def test_masked_words_are_the_same_every_time():
    opened = _opened(Task.FILL_MASK, "encoder")
    first, second = measure_likelihoods(opened, _texts()), measure_likelihoods(opened, _texts())
    assert np.array_equal(first.negative_log_likelihood, second.negative_log_likelihood)
    assert first.correct is not None
    assert (first.correct <= first.tokens).all()
    assert 1 <= first.tokens.sum() < sum(len(opened.tokenizer(text)["input_ids"]) for text in TEXTS)


def test_the_mean_loss_is_no_mean_of_means(monkeypatch: pytest.MonkeyPatch):
    opened = _opened(Task.TRANSLATION, "encoder-decoder")
    layout = layout_of(opened.model)
    rows = layout.encode(_pairs(), opened.tokenizer, max_length=64)
    found = measure_likelihoods(opened, _pairs())
    expected = found.negative_log_likelihood.sum() / found.tokens.sum()
    collate = layout.packer(opened.tokenizer)
    for budget in (8, 40, 4096):
        monkeypatch.setattr(likelihood, "TOKENS_AT_ONCE", budget)
        assert mean_loss(opened.model, rows, layout, collate, Batching.PACKED) == pytest.approx(expected, rel=1e-5)
    # Of a model that knows nothing it is about the logarithm of the vocabulary.
    assert abs(expected - math.log(len(opened.tokenizer))) < 1.0
