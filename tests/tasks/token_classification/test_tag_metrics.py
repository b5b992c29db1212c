"""Metrics of entities against seqeval, intervals, baselines and the loss."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import accuracy_score, classification_report, f1_score, precision_score, recall_score
from seqeval.scheme import IOB2 as STRICT_IOB2
from torch.nn.functional import cross_entropy

from toolkit.errors import RecipeError
from toolkit.tasks.token_classification.baselines import frequent_tags, shape_of, tags_by_shape
from toolkit.tasks.token_classification.learning import TagLoss
from toolkit.tasks.token_classification.metrics import METRICS, measure, sums_of
from toolkit.tasks.token_classification.predictions import Pieces, TagPredictions, predictions_of
from toolkit.tasks.token_classification.result import evaluate_tags
from toolkit.tasks.token_classification.schemes import IOB2
from toolkit.tasks.token_classification.sentences import Sentence
from toolkit.tasks.token_classification.words import join_words

STRICT = {"mode": "strict", "scheme": STRICT_IOB2, "zero_division": 0}
TAG = st.sampled_from(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
SENTENCE = st.lists(st.tuples(TAG, TAG), min_size=1, max_size=8)


def tagged(expected: list[list[str]], found: list[list[str]]) -> TagPredictions:
    sentences, pieces = [], []
    for right, tags in zip(expected, found, strict=True):
        text, words = join_words([f"w{index}" for index in range(len(right))])
        sentences.append(Sentence(text, words, right))
        pieces.append(Pieces(np.array(words), tags, np.ones(len(tags))))
    return predictions_of(list(range(len(expected))), sentences, pieces, given=True, scheme=IOB2)


@settings(max_examples=150, deadline=None)
@given(st.lists(SENTENCE, min_size=1, max_size=6))
@pytest.mark.filterwarnings("ignore")
def test_metrics_are_those_of_seqeval_strict(pairs: list[list[tuple[str, str]]]) -> None:
    expected = [[right for right, _ in sentence] for sentence in pairs]
    found = [[tag for _, tag in sentence] for sentence in pairs]
    predictions = tagged(expected, found)
    values = {name: each.value for name, each in measure(list(METRICS), sums_of(predictions), resamples=1).items()}
    for name, score in (
        ("entity_f1", f1_score),
        ("entity_precision", precision_score),
        ("entity_recall", recall_score),
    ):
        assert (values[name] or 0.0) == pytest.approx(score(expected, found, **STRICT))
    assert values["token_accuracy"] == pytest.approx(accuracy_score(expected, found))

    by_label = evaluate_tags(predictions, ["entity_f1"]).by_label
    report = classification_report(expected, found, output_dict=True, **STRICT) if by_label else {}
    for label, entry in by_label.items():
        assert entry["entities"] == report[label]["support"]
        assert (entry["metrics"]["entity_f1"]["value"] or 0.0) == pytest.approx(report[label]["f1-score"])


def test_intervals_are_of_resampled_sentences() -> None:
    expected = [["B-PER", "O"]] * 40
    found = [["B-PER", "O"]] * 30 + [["O", "O"]] * 10
    sums = sums_of(tagged(expected, found))
    value = measure(["entity_recall"], sums)["entity_recall"]
    draws = np.random.default_rng(1).integers(40, size=(4000, 40))
    expected_ends = np.percentile((draws < 30).mean(axis=1), [2.5, 97.5])
    assert value.value == 0.75
    assert value.ci95 == pytest.approx(expected_ends, abs=0.026)
    assert measure(["entity_recall"], sums)["entity_recall"] == value


def test_what_is_undefined_has_a_reason() -> None:
    measured = measure(list(METRICS), sums_of(tagged([["O"], ["O"]], [["O"], ["O"]])))
    assert measured["entity_f1"].value is None
    assert measured["entity_f1"].reason == "there is no entity"
    assert measured["token_accuracy"].value == 1.0
    with pytest.raises(RecipeError, match="unknown metric 'f1'"):
        measure(["f1"], sums_of(tagged([["O"]], [["O"]])))


def test_mistakes_show_both_sides() -> None:
    result = evaluate_tags(tagged([["B-PER", "O"], ["O", "O"]], [["O", "B-LOC"], ["O", "O"]]), ["entity_f1"])
    (mistake,) = result.samples()
    assert mistake["reference"] == [{"start": 0, "end": 2, "label": "PER", "text": "w0"}]
    assert mistake["entities"] == [{"start": 3, "end": 5, "label": "LOC", "text": "w1", "probability": 1.0}]
    assert result.to_json()["by_label"]["PER"]["entities"] == 1


def sentence(words: str, tags: str = "") -> Sentence:
    return Sentence(*join_words(words.split()), tags.split() if tags else None)


def test_each_word_has_its_most_frequent_tag() -> None:
    learn = [
        sentence("Ann saw Rome", "B-PER O B-LOC"),
        sentence("Ann saw Ann", "B-PER O B-PER"),
        sentence("Rome is", "O O"),
    ]
    assert frequent_tags(learn, [sentence("Ann saw Bob in Rome")]) == [["B-PER", "O", "O", "O", "B-LOC"]]


def test_shapes_reach_words_that_training_has_not() -> None:
    names, verbs = ["Ann", "Bob", "Carl", "Dora", "Emil", "Fritz"], ["saw", "met", "liked", "called"]
    learn = [sentence(f"{one} {verb} {other}", "B-PER O B-PER") for one in names for verb in verbs for other in names]
    asked = [sentence("Gustav praised Hanna")]
    assert tags_by_shape(learn, asked) == [["B-PER", "O", "B-PER"]]
    assert tags_by_shape(learn, asked) == tags_by_shape(learn, asked)
    assert [shape_of(word) for word in ("McDonald", "1999", "서울", "U.S.")] == ["XxXxx", "99", "서울", "X.X."]


def test_the_loss_does_not_depend_on_how_a_batch_is_divided() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(4, 6, 5), torch.randint(0, 5, (4, 6))
    labels[0, 2:] = -100
    labels[3, :] = -100
    weights = torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0])
    n_labelled = int((labels != -100).sum())
    for loss, expected in (
        (TagLoss(), cross_entropy(logits.flatten(0, 1), labels.flatten())),
        (
            TagLoss(class_weights=weights, label_smoothing=0.1),
            cross_entropy(logits.flatten(0, 1), labels.flatten(), weight=weights, label_smoothing=0.1, reduction="sum")
            / n_labelled,
        ),
    ):
        whole = loss(SimpleNamespace(logits=logits), labels)
        parts = [loss(SimpleNamespace(logits=logits[i : i + 1]), labels[i : i + 1], n_labelled) for i in range(4)]
        assert whole.item() == pytest.approx(expected.item(), rel=1e-5)
        assert sum(part.item() for part in parts) == pytest.approx(whole.item(), rel=1e-5)
