"""Metrics of several labels a text against scikit-learn, through `evaluate` and directly, and their intervals."""

from __future__ import annotations

import evaluate
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from toolkit.errors import RecipeError
from toolkit.evaluation.metrics.label_sets import LABEL_SET_METRICS, LabelSetF1, compute_label_set_metrics
from toolkit.names import SPECS, Problem, Task
from toolkit.tasks.text_classification.label_set_result import measure_label_sets

NAMES = list(LABEL_SET_METRICS)


@st.composite
def sets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions, references, and labels of each row that training does not have."""
    n_labels, n_rows = draw(st.integers(1, 5)), draw(st.integers(1, 30))
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    share = draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]))
    predictions, references = (generator.random((2, n_rows, n_labels)) < share).astype(int)
    return predictions, references, generator.integers(0, 2, size=n_rows) * draw(st.integers(0, 1))


def by_sklearn(predictions: np.ndarray, references: np.ndarray, unknown: np.ndarray) -> dict[str, float | None]:
    macro = {"average": "macro", "zero_division": 0}
    # An unknown label is one more that no row is given.
    all_predictions = np.column_stack([predictions, np.zeros(len(unknown), dtype=int)])
    all_references = np.column_stack([references, unknown])
    given, known = predictions.any(), references.any()
    anything = given or all_references.any()
    return {
        "f1": sklearn_metrics.f1_score(references, predictions, **macro) if given or known else None,
        "f1_micro": sklearn_metrics.f1_score(all_references, all_predictions, average="micro") if anything else None,
        "exact_match": sklearn_metrics.accuracy_score(all_references, all_predictions),
        "precision": sklearn_metrics.precision_score(references, predictions, **macro) if given else None,
        "recall": sklearn_metrics.recall_score(references, predictions, **macro) if known else None,
    }


def test_names_agree_with_the_words_that_all_layers_share():
    assert set(LABEL_SET_METRICS) == set(SPECS[Task.TEXT_CLASSIFICATION].problems[Problem.MULTI_LABEL])


@given(sets())
@example((np.array([[1, 1]]), np.array([[1, 1]]), np.array([1])))
def test_values_are_those_of_scikit_learn(rows: tuple[np.ndarray, np.ndarray, np.ndarray]):
    predictions, references, unknown = rows
    if predictions.shape[1] == 1:  # scikit-learn takes one column for two classes
        predictions, references = (np.column_stack([each, each]) for each in (predictions, references))
    ours = compute_label_set_metrics(NAMES, predictions=predictions, references=references, unknown=unknown)
    assert ours == pytest.approx(by_sklearn(predictions, references, unknown), abs=1e-12)


def test_hand_computed():
    # Label 0: found once of two, and once given wrongly; label 1: right; label 2: never, never.
    references = [[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]
    predictions = [[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert compute_label_set_metrics(NAMES, predictions=predictions, references=references) == {
        "f1": pytest.approx((1 / 2 + 1 + 0) / 3),
        "f1_micro": pytest.approx(2 * 3 / (4 + 4)),
        "exact_match": 0.5,
        "precision": pytest.approx((1 / 2 + 1 + 0) / 3),
        "recall": pytest.approx((1 / 2 + 1 + 0) / 3),
    }


@settings(max_examples=10)
@given(sets(), st.integers(1, 7))
def test_evaluate_gives_the_same_in_batches_and_combined(rows: tuple[np.ndarray, np.ndarray, np.ndarray], size: int):
    predictions, references, _ = rows
    combined = evaluate.combine([metric() for metric in LABEL_SET_METRICS.values()])
    for start in range(0, len(predictions), size):
        batch = slice(start, start + size)
        combined.add_batch(predictions=predictions[batch], references=references[batch])
    assert combined.compute() == compute_label_set_metrics(NAMES, predictions=predictions, references=references)


def test_row_by_row():
    metric = LabelSetF1()
    metric.add(prediction=[1, 0], reference=[1, 1])
    metric.add(prediction=[0, 1], reference=[0, 1])
    assert metric.compute() == {"f1": pytest.approx((1 + 2 / 3) / 2)}


@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        ([[1, 0]], [[1, 0], [0, 1]], "1 predictions, but 2 references"),
        ([[1, 0]], [[1, 0, 1]], "predictions have 2 labels a row, references 3"),
        ([1, 0], [[1, 0]], r"predictions have the shape \[2\]"),
        ([[0.5, 0.5]], [[1, 0]], "predictions hold something else than 1 and 0"),
        ([[1, 0]], [["a", "b"]], "references hold something else than 1 and 0"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "there are no rows to evaluate"),
    ],
)
def test_what_is_no_set_is_refused(predictions: object, references: object, message: str):
    with pytest.raises(ValueError, match=message):
        compute_label_set_metrics(NAMES, predictions=predictions, references=references)


def test_unknown_names_are_told_at_once():
    with pytest.raises(RecipeError) as caught:
        compute_label_set_metrics(["accuracy", "f2"], predictions=[[1]], references=[[1]])
    assert len(caught.value.faults) == 2


def test_intervals_are_those_of_drawing_rows_one_by_one():
    generator = np.random.default_rng(5)
    references = generator.random((60, 4)) < [0.5, 0.3, 0.2, 0.05]
    predictions = references ^ (generator.random((60, 4)) < 0.15)
    unknown = (generator.random(60) < 0.1).astype(np.int64)
    rows = {"predictions": predictions, "references": references, "unknown": unknown}
    values: dict[str, list[float]] = {name: [] for name in NAMES}
    draws, whole = np.random.default_rng(3), compute_label_set_metrics(NAMES, **rows)
    for _ in range(400):
        drawn = draws.integers(60, size=60)
        resample = compute_label_set_metrics(NAMES, **{name: column[drawn] for name, column in rows.items()})
        for name in NAMES:
            values[name].append(resample[name])
    found = measure_label_sets(NAMES, **rows, seed=3, resamples=400)
    for name in NAMES:
        assert found[name].value == whole[name]
        low, high = np.percentile(values[name], (2.5, 97.5))
        if name in ("exact_match", "f1_micro"):  # the others keep the score of a label that no drawn row has
            assert found[name].ci95 == pytest.approx((low, high), abs=1e-12)
        else:
            assert found[name].ci95 == pytest.approx((low, high), abs=0.08)
            assert found[name].ci95[0] >= low
            assert found[name].ci95[0] < found[name].value < found[name].ci95[1]


def test_what_is_undefined_has_a_reason():
    values = measure_label_sets(NAMES, predictions=[[0, 0]] * 3, references=[[1, 0]] * 3)
    assert values["precision"].to_json() == {"value": None, "ci95": None, "reason": "no row was given a label"}
    assert values["recall"].to_json() == {"value": 0.0, "ci95": [0.0, 0.0]}
    values = measure_label_sets(NAMES, predictions=[[0, 0]] * 3, references=[[0, 0]] * 3)
    assert {name for name, value in values.items() if value.value is None} == {"f1", "f1_micro", "precision", "recall"}
    assert values["exact_match"].value == 1.0


def test_many_rows_and_labels_take_little_memory():
    generator = np.random.default_rng(0)
    references = np.zeros((2000, 1000), dtype=bool)
    references[np.arange(2000), generator.integers(1000, size=2000)] = True
    found = measure_label_sets(["f1"], predictions=references, references=references, resamples=50)
    assert found["f1"].value == pytest.approx(references.any(axis=0).mean())
