"""Costs of fake models on a clock of their own, and of real ones."""

from __future__ import annotations

import time

import pytest
import torch
from datasets import Dataset
from tiny_models import pretrained
from transformers import AutoModelForSequenceClassification

from toolkit.adapters import SEQUENCE_HEAD, OpenedBody, locate_model, open_body, open_for_training
from toolkit.choose.measure import costs
from toolkit.choose.measure.costs import Costs, measure_costs, reading
from toolkit.choose.measure.peak import memory_taken
from toolkit.names import Method

TEXTS = [f"the film is {'very ' * n}good" for n in range(100)]
CPU = torch.device("cpu")


def rows(texts: list[str], **columns: list[str]) -> Dataset:
    return Dataset.from_dict({"id": list(range(len(texts))), "text": texts, **columns})


@pytest.fixture
def body(tiny_bert) -> OpenedBody:
    return open_body(locate_model(str(tiny_bert)))


class Clock:
    """A model that takes a hundredth of a second a word, on a clock that only it moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.asked: list[list[str]] = []
        monkeypatch.setattr(costs.time, "perf_counter", lambda: self.now)

    def answer(self, asked: Dataset) -> list[int]:
        self.asked.append(list(asked["text"]))
        texts = [text for name in ("text", "text_pair") if name in asked.column_names for text in asked[name]]
        self.now += 0.01 * sum(len(text.split()) for text in texts)
        return [1] * len(texts)


def test_latency_and_throughput_are_what_the_clock_says(body, monkeypatch):
    clock = Clock(monkeypatch)
    asked = rows(["one"] * 50 + ["one two three"] * 50)
    found = measure_costs(body, asked, answer=clock.answer, most_seconds=1000)
    assert found.latency_p50_seconds == pytest.approx(0.02, abs=0.011)
    assert found.latency_p95_seconds == pytest.approx(0.03)
    assert found.texts_per_second == pytest.approx(50)
    assert all(len(texts) <= 16 for texts in clock.asked)


def test_of_a_pair_both_texts_are_read(body, monkeypatch):
    clock = Clock(monkeypatch)
    alone = measure_costs(body, rows(["one"] * 20), answer=clock.answer, most_seconds=1000)
    pairs = rows(["one"] * 20, text_pair=["one two three"] * 20)
    both = measure_costs(body, pairs, answer=clock.answer, most_seconds=1000)
    assert both.latency_p50_seconds == pytest.approx(4 * alone.latency_p50_seconds)
    one = body.tokenizer("one", "one two three", return_tensors="pt")
    with torch.inference_mode():
        torch.testing.assert_close(reading(body)(pairs.select([0])), body.model(**one)[0])


def test_texts_of_all_lengths_are_asked_and_the_longest_batch_comes_first(body, monkeypatch):
    clock = Clock(monkeypatch)
    measure_costs(body, rows([*TEXTS, "  ", ""]), answer=clock.answer, most_seconds=1e9)
    assert max(TEXTS, key=len) in clock.asked[0]
    alone = {texts[0] for texts in clock.asked if len(texts) == 1}
    assert {TEXTS[0], TEXTS[-1]} <= alone
    assert len(alone) == 60
    assert all(text.strip() for texts in clock.asked for text in texts)


def test_a_slow_model_answers_a_few_texts_only(body, monkeypatch):
    clock = Clock(monkeypatch)
    found = measure_costs(body, rows(TEXTS * 10), answer=clock.answer, most_seconds=0.01)
    # The batch for memory, one to warm up, three alone, one batch.
    assert len(clock.asked) == 6
    assert found.texts_per_second > 0


def test_an_opened_classifier_has_its_size_and_answers_as_the_library(tmp_path):
    folder = pretrained("bert", tmp_path)
    opened = open_for_training(locate_model(str(folder)), SEQUENCE_HEAD, labels=("bad", "good"), method=Method.FULL)
    found = measure_costs(opened, rows(TEXTS), most_seconds=0.05)
    theirs = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    assert found.parameters == theirs.num_parameters()
    assert found.disk_bytes >= 4 * found.parameters
    assert 0 < found.latency_p50_seconds <= found.latency_p95_seconds
    assert found.peak_memory_bytes >= 4 * found.parameters
    encoded = opened.tokenizer(TEXTS[3:5], padding=True, return_tensors="pt")
    with torch.inference_mode():
        torch.testing.assert_close(reading(opened)(rows(TEXTS[3:5])), opened.model(**encoded).logits)


@pytest.mark.parametrize("name", ["gpt2", "t5", "own-decoder"])
def test_bodies_of_other_families_can_be_measured(name, tmp_path):
    body = open_body(locate_model(str(pretrained(name, tmp_path))))
    found = measure_costs(body, rows(TEXTS), most_seconds=0.05)
    assert found.parameters == sum(tensor.numel() for tensor in body.model.parameters())
    assert found.disk_bytes >= 4 * found.parameters
    assert found.texts_per_second > 0


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


def test_without_a_text_there_is_nothing_to_measure(body):
    with pytest.raises(ValueError, match="no text"):
        measure_costs(body, rows(["", " \n"]))


def test_costs_are_plain_values():
    assert Costs(1, 2, 0.1, 0.2, 0.08, 0.12, 3.0, None).to_json() == {
        "parameters": 1,
        "disk_bytes": 2,
        "latency_p50_seconds": 0.1,
        "latency_p95_seconds": 0.2,
        "latency_low_seconds": 0.08,
        "latency_high_seconds": 0.12,
        "texts_per_second": 3.0,
        "peak_memory_bytes": None,
    }
