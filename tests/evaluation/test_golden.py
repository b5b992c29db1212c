"""Golden rows of every task: which are chosen, and that the plain library gives their answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from tiny_models import pretrained

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, OpenedModel, open_for_prediction, open_for_training
from toolkit.errors import IntegrityError
from toolkit.evaluation.proof.golden import answers_to, make_golden, read_golden, tolerance_for
from toolkit.evaluation.proof.golden_rows import choose_rows
from toolkit.evaluation.proof.parity import check_adapter, check_saved, compare
from toolkit.hub.verify import replay
from toolkit.names import LORA, Method, Problem, Task
from toolkit.tasks import room_of
from toolkit.tasks.text_classification.predict import predict
from toolkit.training.peft_methods import wrap_with_peft
from toolkit.training.save import save_model

SENTENCES = [
    "the film is good",
    "the film is very very bad .",
    "그 영화 는 좋다",
    "그 영화 는 나쁘다 !",
    "not dull , not bright",
    "a b c d e f g h",
    "was",
    "naïve film",
    "dull </s> film",
    "   ",
    "a film a b c d e f g h the film is was good bad very not dull bright " * 3,
]
LABELS = ("x", "y", "z")
LABELLING = room_of(Task.TEXT_CLASSIFICATION)

Make = Callable[..., OpenedModel]


def rows_of(**columns: list[str]) -> Dataset:
    n_rows = len(next(iter(columns.values())))
    return Dataset.from_dict({"id": list(range(n_rows)), **columns})


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A model with a random head, saved and opened again."""

    def make(name: str, problem: Problem = Problem.SINGLE_LABEL, labels: tuple[str, ...] = LABELS) -> OpenedModel:
        base = LocatedModel(name, pretrained(name, tmp_path / "base"))
        opened = open_for_training(base, SEQUENCE_HEAD, labels=labels, method=Method.FULL, problem=problem)
        torch.manual_seed(0)
        with torch.no_grad():
            for parameter in opened.model.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.5)
        return open_for_prediction(LocatedModel("saved", save_model(opened.model, opened, tmp_path)), SEQUENCE_HEAD)

    return make


def replayed(opened: OpenedModel, golden: dict[str, Any]) -> dict[str, Any]:
    """What the plain library says, as `toolkit.hub.verify.verdict` asks it."""
    report = replay.main({"folder": str(opened.folder), "golden": json.loads(json.dumps(golden)), "trust": True})
    assert "error" not in report, report["error"]
    return report


def assert_same(opened: OpenedModel, golden: dict[str, Any]) -> list[dict[str, Any]]:
    report = replayed(opened, golden)
    assert report["ids"] == [row["ids"] for row in golden["rows"]]
    parity = compare(golden["rows"], report["answers"], golden["tolerance"])
    assert parity.flips == 0
    assert parity.largest_gap < 1e-5
    rows: list[dict[str, Any]] = golden["rows"]
    return rows


def test_rows_show_lengths_labels_scripts_and_doubts():
    texts = [f"text {'long ' * (i % 40)}{i}" for i in range(400)]
    labels = [f"label {i % 7}" for i in range(399)] + ["rare"]
    confidence = list(np.linspace(1.0, 0.5, 400))
    texts[17], texts[18], texts[19], texts[20] = "아주 좋은 영화", "très bien", "  ", "영화"
    chosen = choose_rows(texts, labels=labels, confidence=confidence, most=24)
    assert chosen == sorted(chosen, key=lambda row: (len(texts[row]), row))
    assert len(set(chosen)) == 24
    assert {17, 18, 20} <= set(chosen)
    assert 19 not in chosen
    assert {396, 397, 398, 399} <= set(chosen)
    assert {labels[row] for row in chosen} == set(labels)
    lengths = [len(texts[row]) for row in chosen]
    assert (min(lengths), max(lengths)) == (2, max(map(len, texts)))
    assert sum(20 < length < 150 for length in lengths) >= 5
    assert chosen == choose_rows(texts, labels=labels, confidence=confidence, most=24)


@pytest.mark.parametrize(
    ("texts", "expected"), [([], []), ([" "], []), (["a"], [0]), (["a", "a", "b"], [0, 2]), (["한", "국"], [0, 1])]
)
def test_few_rows(texts: list[str], expected: list[int]):
    assert choose_rows(texts, most=24) == expected
    assert choose_rows(texts, labels=["x"] * len(texts), most=24) == expected


def test_more_labels_than_rows():
    texts, labels = [f"text {i}" for i in range(100)], [str(i) for i in range(100)]
    chosen = choose_rows(texts, labels=labels, most=10)
    assert len(chosen) == 10
    assert max(chosen) > 80


@pytest.mark.parametrize("name", ["bert", "gpt2", "bart", "own-decoder", "marian"])
def test_labels_are_those_of_the_plain_library(name: str, make: Make):
    opened = make(name)
    rows = rows_of(text=SENTENCES, reference=[LABELS[i % 3] for i in range(len(SENTENCES))])
    golden = make_golden(LABELLING, opened, rows, answers=predict(opened, rows))
    assert golden["labels"] == list(LABELS)
    assert (golden["problem"], golden["generation"], golden["tolerance"]) == (
        "single_label_classification",
        None,
        1e-4,
    )
    assert len(golden["rows"]) == len(SENTENCES) - 1
    for row in assert_same(opened, golden):
        assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-6)
        assert row["prediction"] == LABELS[int(np.argmax(row["probabilities"]))]


def test_several_labels_numbers_and_pairs(make: Make):
    opened = make("bert", Problem.MULTI_LABEL)
    rows = rows_of(text=SENTENCES[:6], text_pair=SENTENCES[5::-1])
    golden = make_golden(LABELLING, opened, rows)
    for row in assert_same(opened, golden):
        assert row["text_pair"] in SENTENCES
        assert row["prediction"] == [name for name, p in zip(LABELS, row["probabilities"], strict=True) if p >= 0.5]
    numbers = make("roberta", Problem.REGRESSION, ("score",))
    golden = make_golden(LABELLING, numbers, rows_of(text=SENTENCES))
    largest = max(abs(row["value"]) for row in assert_same(numbers, golden))
    assert golden["tolerance"] == pytest.approx(1e-4 * max(1, largest))


def test_translations_and_their_likelihoods(tmp_path: Path):
    folder = pretrained("own-encoder-decoder", tmp_path / "model")
    opened = room_of(Task.TRANSLATION).open(LocatedModel("own", folder))
    usual = opened.model.generation_config
    rows = rows_of(source=[*SENTENCES, "</s> is spelt"], target=[*SENTENCES[::-1], "it is"])
    golden = make_golden(room_of(Task.TRANSLATION), opened, rows)
    assert opened.model.generation_config is usual
    assert golden["generation"] == {"do_sample": False, "num_beams": 1, "max_new_tokens": 19}
    kept = assert_same(opened, golden)
    assert {row["text"] for row in kept} < set(SENTENCES)
    assert all(row["log_likelihood"] < 0 and row["tokens"] > 1 for row in kept)
    assert 0 < sum("prediction" in row for row in kept) <= 6
    # the same from the packed likelihoods, once more by hand
    row = kept[0]
    tokenizer, model = opened.tokenizer, opened.model
    labels = tokenizer(row["reference"], return_tensors="pt")["input_ids"]
    with torch.no_grad():
        loss = model(**tokenizer(row["text"], return_tensors="pt"), labels=labels).loss
    assert -float(loss) * labels.numel() == pytest.approx(row["log_likelihood"], rel=1e-5)


@pytest.mark.parametrize(("name", "task"), [("own-decoder", Task.TEXT_GENERATION), ("own-encoder", Task.FILL_MASK)])
def test_texts_alone(name: str, task: Task, tmp_path: Path):
    opened = room_of(task).open(LocatedModel("own", pretrained(name, tmp_path / "model")))
    golden = make_golden(room_of(task), opened, rows_of(text=SENTENCES))
    kept = assert_same(opened, golden)
    if task is Task.FILL_MASK:
        assert all(row["text"].count("<mask>") == 1 and "<mask>" not in row["prediction"] for row in kept)
        return
    assert all(len(opened.tokenizer(row["text"])["input_ids"]) < opened.max_length for row in kept)
    assert 0 < sum("prediction" in row for row in kept) <= 6


def test_deep_models_may_differ_ten_times_as_much(make: Make):
    opened = make("bert")
    assert tolerance_for(opened, []) == 1e-4
    assert tolerance_for(opened, [{"value": -30.0}]) == pytest.approx(3e-3)
    opened.model.config.num_hidden_layers = 24
    assert tolerance_for(opened, []) == 1e-3


def test_what_was_saved_answers_as_the_model_in_memory(tmp_path: Path):
    base = pretrained("bert", tmp_path / "base")
    opened = open_for_training(LocatedModel(str(base), base), SEQUENCE_HEAD, labels=LABELS, method=Method.PEFT)
    trained: Any = wrap_with_peft(opened, LORA, {"r": 4, "target_modules": ["query", "value"]}).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in trained.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter))
    task = LABELLING
    asked = task.golden_rows(opened, rows_of(text=SENTENCES), most=6)
    before = answers_to(task, replace(opened, model=trained), asked)
    saved = open_for_prediction(LocatedModel("saved", save_model(trained, opened, tmp_path)), SEQUENCE_HEAD)
    parity = check_saved(before, saved, task=task, tolerance=tolerance_for(saved, before))
    assert parity.rows == 6
    assert parity.passed
    adapter = tmp_path / "adapter"

    def adapted() -> OpenedModel:
        return task.open(LocatedModel("adapter", adapter))

    assert check_adapter(adapted(), saved, asked, task=task, tolerance=1e-4).largest_gap < 1e-5
    weights = load_file(adapter / "adapter_model.safetensors")
    weights["base_model.model.classifier.bias"][0] += 0.1
    save_file(weights, adapter / "adapter_model.safetensors")
    with pytest.raises(IntegrityError, match="the saved adapter does not answer as it did before"):
        check_adapter(adapted(), saved, asked, task=task, tolerance=1e-4)
    with torch.no_grad():
        saved.model.classifier.bias[1] += 0.01
    with pytest.raises(IntegrityError, match="the saved model does not answer as it did before: 6 rows"):
        check_saved(before, saved, task=task, tolerance=1e-4)


WHOLE = {
    "schema": 1,
    "task": "text-classification",
    "family": "encoder",
    "labels": ["x"],
    "max_length": 8,
    "tolerance": 1e-4,
    "rows": [{"text": "a", "value": 1.0, "ids": "0"}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"task": "cooking"},
        {"family": "onion"},
        {"labels": [1]},
        {"labels": None},
        {"tolerance": 0},
        {"tolerance": "1"},
        {"rows": [{}]},
        {"rows": ["a"]},
        {"rows": [{"text": "a", "ids": "0"}]},
        {"rows": [{"text": "a", "value": 1.0}]},
        {"rows": [{"text": "a", "ids": "0", "log_likelihood": -1.0, "tokens": "9"}]},
        {"rows": [{"text": "a", "ids": "0", "probabilities": ["0.5"]}]},
        {"rows": None},
    ],
)
def test_a_file_of_another_kind_is_refused(change: dict[str, Any], tmp_path: Path):
    path = tmp_path / "golden.json"
    assert read_golden(path) is None
    path.write_text(json.dumps(WHOLE), encoding="utf-8")
    assert read_golden(path) == WHOLE
    path.write_text(json.dumps(WHOLE | change), encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"golden.json: this is no golden.json"):
        read_golden(path)


def test_a_damaged_file_is_refused(tmp_path: Path):
    path = tmp_path / "golden.json"
    for content in (b"", b"[1", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(IntegrityError, match="damaged"):
            read_golden(path)
