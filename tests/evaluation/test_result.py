"""An evaluation as a whole: its JSON, its confusion, its mistakes and its warnings."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.metrics.confusion import ConfusedPair, Confusion
from toolkit.evaluation.metrics.intervals import bootstrap_interval
from toolkit.evaluation.metrics.tally import count_cells
from toolkit.tasks.text_classification.class_result import evaluate_predictions, measure
from toolkit.tasks.text_classification.mistakes import most_confident_mistakes

LABELS = ("cat", "dog", "eel")


def predictions_of(rows: list[tuple[str, str, float]]) -> Predictions:
    """Rows of reference, prediction and its probability; the rest is shared by the other labels."""
    probabilities = np.empty((len(rows), len(LABELS)))
    for number, (_, prediction, probability) in enumerate(rows):
        probabilities[number] = (1 - probability) / (len(LABELS) - 1)
        probabilities[number, LABELS.index(prediction)] = probability
    references = [reference for reference, _, _ in rows]
    return Predictions(
        ids=[f"row-{number}" for number in range(len(rows))],
        texts=[f"text {number}" for number in range(len(rows))],
        references=references,
        reference_labels=np.array([LABELS.index(name) if name in LABELS else -1 for name in references]),
        labels=LABELS,
        probabilities=probabilities,
    )


ROWS = [
    ("cat", "cat", 0.9), ("cat", "dog", 0.6), ("dog", "dog", 0.7), ("dog", "cat", 0.8), ("cat", "dog", 0.99),
    ("fox", "dog", 0.8), ("cat", "cat", 0.5),
]  # fmt: skip


def test_json_has_the_shape_of_metrics_json():
    evaluation = evaluate_predictions(predictions_of(ROWS), metrics=["accuracy", "f1"], seed=3)
    rows = {"predictions": [0, 1, 1, 0, 1, 1, 0], "references": [0, 0, 1, 1, 0, -1, 0], "n_labels": 3}
    intervals = bootstrap_interval(["accuracy", "f1"], **rows, seed=3)
    found = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert list(found) == ["rows", "metrics", "confusion", "calibration"]
    assert found["calibration"]["answers"] == 6  # all but the row of a class that training does not have
    assert found["rows"] == 7
    assert found["metrics"]["accuracy"] == {"value": pytest.approx(3 / 7), "ci95": list(intervals["accuracy"])}
    # cat: 2 hits of 4 + 3; dog: 1 hit of 2 + 4; eel: none
    assert found["metrics"]["f1"]["value"] == pytest.approx((4 / 7 + 2 / 6 + 0) / 3)


def test_an_undefined_metric_is_null_with_a_reason():
    values = measure(["matthews_correlation"], predictions=[0, 1], references=[1, 1], n_labels=2)
    assert values["matthews_correlation"].to_json() == {
        "value": None,
        "ci95": None,
        "reason": "all rows have the same reference",
    }


def test_warnings_name_what_is_on_one_side_only():
    warnings = evaluate_predictions(predictions_of(ROWS), metrics=["accuracy"]).warnings
    assert warnings == (
        "1 of 7 rows have a label that the training data does not have ('fox'): they count as wrong",
        "1 of 3 labels of the training data have no row here ('eel'): they count as 0 in macro averages",
    )
    complete = [(name, name, 0.9) for name in LABELS]
    assert evaluate_predictions(predictions_of(complete), metrics=["accuracy"]).warnings == ()


def test_mistakes_are_the_surest_wrong_rows_in_the_order_of_the_data_among_equals():
    found = most_confident_mistakes(predictions_of(ROWS), 3)
    assert [(mistake.id, mistake.reference, mistake.prediction) for mistake in found] == [
        ("row-4", "cat", "dog"),
        ("row-3", "dog", "cat"),
        ("row-5", "fox", "dog"),
    ]
    assert found[0].probability == pytest.approx(0.99)
    assert found[0].text == "text 4"
    assert most_confident_mistakes(predictions_of([("cat", "cat", 1.0)])) == ()


def test_confused_pairs():
    pairs = evaluate_predictions(predictions_of(ROWS), metrics=["accuracy"]).confusion.most_confused()
    assert pairs == (
        ConfusedPair("cat", "dog", rows=2, share=0.5),
        ConfusedPair(None, "dog", rows=1, share=1.0),
        ConfusedPair("dog", "cat", rows=1, share=0.5),
    )


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 2)), min_size=1, max_size=30))
def test_confusion_matrix_is_that_of_scikit_learn(pairs: list[tuple[int, int]]):
    references, predictions = zip(*pairs, strict=True)
    confusion = Confusion(LABELS, count_cells(predictions, references, n_labels=3))
    expected = confusion_matrix([3 if label < 0 else label for label in references], predictions, labels=range(4))
    assert confusion.matrix().tolist() == expected[:, :3].tolist()


def test_without_references_nothing_is_evaluated():
    unlabelled = Predictions([0], ["a"], None, None, ("n", "p"), np.array([[0.5, 0.5]]))
    with pytest.raises(ValueError, match="without references"):
        evaluate_predictions(unlabelled, metrics=["accuracy"])
    with pytest.raises(ValueError, match="without references"):
        most_confident_mistakes(unlabelled)
