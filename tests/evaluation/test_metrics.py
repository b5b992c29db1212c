"""Metrics against scikit-learn, through `evaluate` and directly, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import evaluate
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from toolkit.errors import RecipeError
from toolkit.evaluation.metrics.classes import F1, METRICS, Accuracy, MatthewsCorrelation, Recall, compute_metrics
from toolkit.names import SPECS, Problem, Task


@st.composite
def labelled_rows(draw: st.DrawFn) -> tuple[list[int], list[int], int]:
    """Predictions, references (some unknown, some labels absent) and the number of labels."""
    n_labels = draw(st.integers(1, 6))
    rows = draw(st.integers(1, 40))
    predictions = draw(st.lists(st.integers(0, n_labels - 1), min_size=rows, max_size=rows))
    references = draw(st.lists(st.integers(-1, n_labels - 1), min_size=rows, max_size=rows))
    return predictions, references, n_labels


def by_sklearn(predictions: list[int], references: list[int], n_labels: int) -> dict[str, float | None]:
    shared = {"labels": range(n_labels), "average": "macro", "zero_division": 0}
    known, same = any(label >= 0 for label in references), len(set(references)) == 1
    return {
        "accuracy": sklearn_metrics.accuracy_score(references, predictions),
        "f1": sklearn_metrics.f1_score(references, predictions, **shared),
        "precision": sklearn_metrics.precision_score(references, predictions, **shared),
        "recall": sklearn_metrics.recall_score(references, predictions, **shared) if known else None,
        "matthews_correlation": None if same else sklearn_metrics.matthews_corrcoef(references, predictions),
    }


def test_names_agree_with_the_words_that_all_layers_share():
    assert set(METRICS) == set(SPECS[Task.TEXT_CLASSIFICATION].problems[Problem.SINGLE_LABEL])


@given(labelled_rows())
@example(([0, 0], [0, 0], 1))
@example(([2, 2, 2], [0, 1, 2], 3))
@example(([0, 1], [-1, -1], 2))
@example(([0, 1, 1], [-1, -1, 1], 4))
def test_values_are_those_of_scikit_learn(rows: tuple[list[int], list[int], int]):
    predictions, references, n_labels = rows
    ours = compute_metrics(list(METRICS), predictions=predictions, references=references, n_labels=n_labels)
    assert list(ours) == list(METRICS)
    assert ours == pytest.approx(by_sklearn(predictions, references, n_labels), abs=1e-12)
    json.dumps(ours, allow_nan=False)


@settings(max_examples=15)
@given(labelled_rows(), st.integers(1, 7))
def test_evaluate_gives_the_same_in_batches_and_combined(rows: tuple[list[int], list[int], int], size: int):
    predictions, references, n_labels = rows
    combined = evaluate.combine([metric(n_labels=n_labels) for metric in METRICS.values()])
    for start in range(0, len(predictions), size):
        batch = slice(start, start + size)
        combined.add_batch(predictions=predictions[batch], references=references[batch])
    expected = compute_metrics(list(METRICS), predictions=predictions, references=references, n_labels=n_labels)
    assert combined.compute() == expected


def test_hand_computed():
    # Label 0: 1 hit of 2 references and 1 prediction; label 1: 1 hit of 1 and 2; label 2: never, never.
    values = compute_metrics(list(METRICS), predictions=[0, 1, 1], references=[0, 0, 1], n_labels=3)
    assert values["accuracy"] == pytest.approx(2 / 3)
    assert values["precision"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert values["recall"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert values["f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_a_class_that_only_the_test_data_has_is_wrong_and_no_class_of_the_average():
    without = compute_metrics(["accuracy", "f1", "recall"], predictions=[0, 1], references=[0, 1], n_labels=2)
    assert without == {"accuracy": 1.0, "f1": 1.0, "recall": 1.0}
    unknown = compute_metrics(
        ["accuracy", "f1", "recall"], predictions=[0, 1, 1, 1], references=[0, 1, -1, -1], n_labels=2
    )
    assert unknown["accuracy"] == 0.5
    assert unknown["recall"] == 1.0
    assert unknown["f1"] == pytest.approx((1 + 2 * 1 / (1 + 3)) / 2)


def test_one_metric_row_by_row_and_reused():
    metric = F1(n_labels=2)
    for prediction, reference in ((0, 0), (1, 0), (1, 1)):
        metric.add(prediction=prediction, reference=reference)
    assert metric.compute() == {"f1": pytest.approx(2 / 3)}
    assert metric.compute(predictions=np.array([1, 1]), references=np.array([1, 1])) == {"f1": 0.5}


def test_combined_takes_single_rows():
    combined = evaluate.combine([Accuracy(n_labels=2), Recall(n_labels=2)])
    combined.add(prediction=1, reference=1)
    combined.add(prediction=1, reference=0)
    assert combined.compute() == {"accuracy": 0.5, "recall": 0.5}


def test_rows_can_be_kept_on_disk(tmp_path: Path):
    metric = Accuracy(n_labels=2, keep_in_memory=False, cache_dir=str(tmp_path))
    metric.add_batch(predictions=[0, 1], references=[0, 0])
    assert list(tmp_path.rglob("*.arrow"))
    assert metric.compute() == {"accuracy": 0.5}


def test_no_cache_folder_is_needed(tmp_path: Path):
    blocked = tmp_path / "a-file"
    blocked.write_text("", encoding="utf-8")
    metric = Accuracy(n_labels=2, cache_dir=str(blocked / "metrics"))
    assert metric.compute(predictions=[0], references=[0]) == {"accuracy": 1.0}
    assert list(tmp_path.iterdir()) == [blocked]


def test_global_random_state_is_left_alone():
    np.random.seed(7)
    before = np.random.get_state()[1].tolist()
    MatthewsCorrelation(n_labels=2).compute(predictions=[0, 1], references=[0, 1])
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ([0, 1], [0], "2 predictions, but 1 references"),
        ([0.5, 1.0], [0, 1], "predictions are of type float64; expected whole numbers"),
        ([0, 1], [0.0, float("nan")], "references are of type float64"),
        ([True, False], [0, 1], "predictions are of type bool"),
        (["0", "1"], [0, 1], "predictions are of type <U1"),
        ([[0.1, 0.9]], [1], r"predictions have the shape \[1, 2\]"),
        ([0, 2], [0, 1], "predictions hold the label number 2; allowed: 0 to 1"),
        ([0, -1], [0, 1], "predictions hold the label number -1; allowed: 0 to 1"),
        ([0, 1], [0, -2], "references hold the label number -2; allowed: -1 to 1"),
        ([], [], "no rows to evaluate"),
    ],
)
def test_refuses_what_is_no_label_number(predictions: list[object], references: list[object], message: str):
    with pytest.raises(ValueError, match=message):
        compute_metrics(["accuracy"], predictions=predictions, references=references, n_labels=2)
    with pytest.raises(ValueError, match=message):
        Accuracy(n_labels=2).compute(predictions=predictions, references=references)


def test_refuses_half_a_pair_and_nothing_at_all():
    with pytest.raises(ValueError, match="belong together"):
        Accuracy(n_labels=2).compute(predictions=[0])
    with pytest.raises(ValueError, match="no rows to evaluate"):
        Accuracy(n_labels=2).compute()


def test_unknown_names_are_told_at_once():
    with pytest.raises(RecipeError) as caught:
        compute_metrics(["acuracy", "f1", "auc"], predictions=[0], references=[0], n_labels=1)
    assert len(caught.value.faults) == 2
    assert "did you mean 'accuracy'?" in str(caught.value)
