"""The numbers that are reported: the same whatever the batches, and those of plain transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertForSequenceClassification

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, OpenedModel, open_for_prediction
from toolkit.tasks.text_classification.predict import predict

LABELS = ("bad", "fair", "good")
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def folder(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with weights so large that its answers differ from text to text."""
    folder = tmp_path_factory.mktemp("three-classes")
    torch.manual_seed(2)
    names = dict(enumerate(LABELS))
    labels = {"id2label": names, "label2id": {name: i for i, name in names.items()}}
    config = BertConfig.from_pretrained(tiny_bert, initializer_range=0.5, **labels)
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def opened(folder: Path) -> OpenedModel:
    return open_for_prediction(LocatedModel("mine", folder), SEQUENCE_HEAD)


@pytest.fixture(scope="module")
def rows(sentences: list[tuple[str, str]]) -> Dataset:
    """Sentences of all lengths, a blank one and one that is cut."""
    texts = [text for text, _ in sentences[:97]] + ["", "word " * 200, "가나다 😀"]
    return Dataset.from_dict({"id": list(range(len(texts))), "text": texts})


@pytest.mark.parametrize("batch_rows", [1, 7, 32, 1000])
def test_batch_size_changes_nothing(opened: OpenedModel, rows: Dataset, batch_rows: int):
    expected = predict(opened, rows)
    found = predict(opened, rows, batch_rows=batch_rows)
    assert np.abs(found.probabilities - expected.probabilities).max() <= TOLERANCE
    assert found.predicted.tolist() == expected.predicted.tolist()
    assert len(set(expected.predicted.tolist())) == 3


def test_row_order_changes_nothing(opened: OpenedModel, rows: Dataset):
    order = np.random.default_rng(0).permutation(len(rows))
    expected, found = predict(opened, rows), predict(opened, rows.select(order), batch_rows=16)
    assert found.ids == order.tolist()
    assert found.texts == [expected.texts[i] for i in order]
    assert np.abs(found.probabilities - expected.probabilities[order]).max() <= TOLERANCE
    assert found.predicted.tolist() == expected.predicted[order].tolist()


def test_it_says_what_plain_transformers_says(opened: OpenedModel, folder: Path, rows: Dataset):
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    predictions = predict(opened, rows)
    for row, probabilities in zip(predictions.rows(), predictions.probabilities, strict=True):
        with torch.no_grad():
            expected = model(**tokenizer(row["text"], truncation=True, return_tensors="pt")).logits.softmax(-1)[0]
        assert np.abs(probabilities - expected.numpy()).max() <= TOLERANCE
        assert row["prediction"] == model.config.id2label[int(expected.argmax())]
        assert row["probability"] == pytest.approx(float(expected.max()), abs=TOLERANCE)


def test_pairs_are_one_input_as_in_plain_transformers(opened: OpenedModel, folder: Path):
    first, second = ["a long first text " * 20, "short"], ["an answer", "a long second text " * 20]
    rows = Dataset.from_dict({"id": [0, 1], "text": first, "text_pair": second})
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer(first, second, truncation=True, padding=True, return_tensors="pt")
    with torch.no_grad():
        expected = model(**inputs).logits.softmax(-1).numpy()
    assert np.abs(predict(opened, rows).probabilities - expected).max() <= TOLERANCE


def test_references_are_told_apart_from_labels_that_the_model_has_not(opened: OpenedModel):
    rows = Dataset.from_dict({"id": [5, 6], "text": ["a", "b"], "reference": ["good", "excellent"]})
    predictions = predict(opened, rows)
    assert predictions.references == ["good", "excellent"]
    assert predictions.reference_labels.tolist() == [2, -1]
    assert predict(opened, rows.remove_columns("reference")).reference_labels is None
