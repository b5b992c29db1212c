"""The result of tasks whose output is text: its JSON, its samples and its warnings."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sacrebleu

from toolkit.errors import RecipeError
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics import bleu_tokenizer
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.tasks.texts.result import choose_samples, evaluate_texts

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven"]
REFERENCES = [f"the number {word} is written in this row" for word in NUMBERS]
PREDICTIONS = [*REFERENCES[:4], "", "this is something else", "the number seven is written"]


def predictions_of(predictions: list[str], references: list[str] | None) -> TextPredictions:
    n_rows = len(predictions)
    return TextPredictions(list(range(n_rows)), [f"source {n}" for n in range(n_rows)], references, predictions)


def likelihoods(n_rows: int) -> Likelihoods:
    ones = np.ones(n_rows, dtype=np.int64)
    return Likelihoods(np.linspace(1, 2, n_rows), ones, ones)


def test_the_entry_in_metrics_json():
    found = evaluate_texts(
        ["bleu", "chrf", "perplexity"], predictions=predictions_of(PREDICTIONS, REFERENCES), likelihoods=likelihoods(7)
    )
    entry = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert entry["rows"] == 7
    assert list(entry["metrics"]) == ["bleu", "chrf", "perplexity"]
    assert entry["metrics"]["bleu"]["value"] == pytest.approx(sacrebleu.corpus_bleu(PREDICTIONS, [REFERENCES]).score)
    assert "tok:13a" in entry["metrics"]["bleu"]["signature"]
    assert "nc:6" in entry["metrics"]["chrf"]["signature"]
    assert list(entry["metrics"]["perplexity"]) == ["value", "ci95"]
    assert set(found.signatures) == {"bleu", "chrf"}


def test_likelihoods_alone_have_no_samples():
    found = evaluate_texts(["perplexity"], likelihoods=likelihoods(3))
    assert (found.rows, found.chosen, found.warnings, found.signatures) == (3, (), (), {})


def test_samples_are_the_worst_and_others_at_random():
    predictions = predictions_of(PREDICTIONS, REFERENCES)
    samples = choose_samples(predictions, n_worst=2, n_random=3)
    assert [(sample.id, sample.worst) for sample in samples[:2]] == [(4, True), (5, True)]
    assert not any(sample.worst for sample in samples[2:])
    drawn = [sample.id for sample in samples[2:]]
    assert drawn == sorted(drawn)
    assert len(set(drawn) - {4, 5}) == 3
    assert samples == choose_samples(predictions, n_worst=2, n_random=3)
    for sample in samples:
        expected = sacrebleu.sentence_chrf(sample.prediction, [REFERENCES[sample.id]]).score
        assert sample.chrf == pytest.approx(expected, abs=1e-9)
        assert sample.text == f"source {sample.id}"
    assert len(choose_samples(predictions)) == 7


def test_samples_without_references_or_rows():
    samples = choose_samples(predictions_of(PREDICTIONS, None), n_random=4)
    assert len(samples) == 4
    assert all(sample.chrf is None and sample.reference is None and not sample.worst for sample in samples)
    assert choose_samples(predictions_of([], [])) == ()


def test_warnings_count_what_is_wrong(monkeypatch: pytest.MonkeyPatch):
    predictions = predictions_of(["", " ", "a b c"], ["a", "", "a b c"])
    found = evaluate_texts(["bleu"], predictions=predictions, cut=np.array([True, False, False]))
    assert [line[:25] for line in found.warnings] == [
        "2 of 3 predictions are em",
        "1 of 3 references are emp",
        "1 of 3 predictions ended ",
    ]
    assert evaluate_texts(["bleu"], predictions=predictions_of(["a"], ["b"])).warnings == ()
    monkeypatch.setattr(bleu_tokenizer, "find_spec", lambda name: None)
    korean = predictions_of(["안녕하세요"], ["안녕"])
    assert "counts characters" in evaluate_texts(["bleu"], predictions=korean).warnings[0]
    assert evaluate_texts(["chrf"], predictions=korean).warnings == ()


def test_rouge_of_characters_is_told_and_has_its_settings():
    found = evaluate_texts(["rougeL", "exact_match"], predictions=predictions_of(["안녕하세요"], ["안녕"]))
    assert found.warnings == ("ROUGE counts characters, not words, and cannot be compared with ROUGE of words",)
    assert "tok:words-or-characters.1|stem:no" in found.to_json()["metrics"]["rougeL"]["signature"]
    assert set(found.signatures) == {"rougeL", "exact_match"}
    assert evaluate_texts(["rougeL"], predictions=predictions_of(["a"], ["b"])).warnings == ()


def test_what_was_read_is_what_is_copied():
    read = TextPredictions([0, 1], ["one two three four", "a b c d e"], ["x", "y"], ["one two three four", "a b c d f"])
    found = evaluate_texts(["copied_4grams", "repeated_4grams"], predictions=read)
    assert [metric.value for metric in found.metrics.values()] == [0.75, 0.0]


def test_what_is_missing_is_told():
    with pytest.raises(ValueError, match="needs predictions and references"):
        evaluate_texts(["bleu"], predictions=predictions_of(["a"], None))
    with pytest.raises(ValueError, match="no rows"):
        evaluate_texts(["bleu"])
    with pytest.raises(RecipeError, match="blue"):
        evaluate_texts(["blue"], predictions=predictions_of(["a"], ["a"]))
