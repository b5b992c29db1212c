"""Costs of fake models on a clock of their own, and of real ones."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
import torch
from tiny_models import pretrained
from transformers import AutoModelForSequenceClassification

from toolkit.adapters import locate_model, open_body, open_for_prediction, open_for_training
from toolkit.choose import costs
from toolkit.choose.costs import Costs, measure_costs, reading, writing
from toolkit.choose.peak import memory_taken
from toolkit.names import Method, Task

TEXTS = [f"the film is {'very ' * n}good" for n in range(100)]
CPU = torch.device("cpu")


class Clock:
    """A model that takes a hundredth of a second a word, on a clock that only it moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.asked: list[list[str]] = []
        monkeypatch.setattr(costs.time, "perf_counter", lambda: self.now)

    def answer(self, texts: Sequence[str]) -> list[int]:
        self.asked.append(list(texts))
        self.now += 0.01 * sum(len(text.split()) for text in texts)
        return [1] * len(texts)


def test_latency_and_throughput_are_what_the_clock_says(monkeypatch):
    clock = Clock(monkeypatch)
    found = measure_costs(clock.answer, ["one"] * 50 + ["one two three"] * 50, most_seconds=1000)
    assert found.latency_p50_seconds == pytest.approx(0.02, abs=0.011)
    assert found.latency_p95_seconds == pytest.approx(0.03)
    assert found.texts_per_second == pytest.approx(50)
    assert (found.parameters, found.disk_bytes) == (0, 0)
    assert all(len(texts) <= 32 for texts in clock.asked)


def test_texts_of_all_lengths_are_asked_and_the_longest_batch_comes_first(monkeypatch):
    clock = Clock(monkeypatch)
    measure_costs(clock.answer, [*TEXTS, "  ", ""], most_seconds=1e9)
    assert max(TEXTS, key=len) in clock.asked[0]
    alone = {texts[0] for texts in clock.asked if len(texts) == 1}
    assert {TEXTS[0], TEXTS[-1]} <= alone
    assert len(alone) == 60
    assert all(text.strip() for texts in clock.asked for text in texts)


def test_a_slow_model_answers_a_few_texts_only(monkeypatch):
    clock = Clock(monkeypatch)
    clock.answer(["x"])
    found = measure_costs(clock.answer, TEXTS * 10, most_seconds=0.01)
    # One asked before, the batch for memory, one to warm up, three alone, one batch.
    assert len(clock.asked) == 7
    assert found.texts_per_second > 0


def test_an_opened_classifier_has_its_size_and_answers_as_the_library(tmp_path):
    folder = pretrained("bert", tmp_path)
    opened = open_for_training(locate_model(str(folder)), labels=("bad", "good"), method=Method.FULL)
    found = measure_costs(opened, TEXTS, most_seconds=0.05)
    theirs = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    assert found.parameters == theirs.num_parameters()
    assert found.disk_bytes >= 4 * found.parameters
    assert 0 < found.latency_p50_seconds <= found.latency_p95_seconds
    assert found.peak_memory_bytes >= 4 * found.parameters
    encoded = opened.tokenizer(TEXTS[3:5], padding=True, return_tensors="pt")
    with torch.inference_mode():
        torch.testing.assert_close(reading(opened)(TEXTS[3:5]), opened.model(**encoded).logits)


def test_an_own_encoder_decoder_answers_by_writing(tmp_path):
    opened = open_for_prediction(locate_model(str(pretrained("own-encoder-decoder", tmp_path))), task=Task.TRANSLATION)
    found = measure_costs(opened, TEXTS[:3], answer=writing(opened), most_seconds=0)
    assert found.disk_bytes == (tmp_path / "model.safetensors").stat().st_size
    assert found.latency_p95_seconds > 0


@pytest.mark.parametrize("name", ["gpt2", "t5", "own-decoder"])
def test_bodies_of_other_families_can_be_measured(name, tmp_path):
    body = open_body(locate_model(str(pretrained(name, tmp_path))))
    found = measure_costs(body, TEXTS, most_seconds=0.05)
    assert found.parameters == sum(tensor.numel() for tensor in body.model.parameters())
    assert found.disk_bytes >= 4 * found.parameters
    assert found.texts_per_second > 0


def test_another_way_to_answer_can_be_given(tiny_bert):
    body = open_body(locate_model(str(tiny_bert)))
    asked: list[int] = []
    measure_costs(body, ["good", "bad"], answer=lambda texts: asked.append(len(texts)), most_seconds=0)
    assert asked == [2, 1, 1, 1, 2]


def test_memory_is_what_something_took_beside_what_was_there():
    there = torch.ones(10_000_000)

    def take_100_mb() -> None:
        taken = torch.ones(25_000_000)
        time.sleep(0.05)
        taken.sum()

    assert memory_taken(take_100_mb, device=CPU) == pytest.approx(100e6, rel=0.1)
    assert memory_taken(lambda: time.sleep(0.01), device=CPU) < 5e6
    assert len(there) == 10_000_000
    assert memory_taken(lambda: None, device=torch.device("meta")) is None


def test_without_a_text_there_is_nothing_to_measure():
    with pytest.raises(ValueError, match="no text"):
        measure_costs(len, ["", " \n"])


def test_costs_are_plain_values():
    assert Costs(1, 2, 0.1, 0.2, 3.0, None).to_json() == {
        "parameters": 1,
        "disk_bytes": 2,
        "latency_p50_seconds": 0.1,
        "latency_p95_seconds": 0.2,
        "texts_per_second": 3.0,
        "peak_memory_bytes": None,
    }
