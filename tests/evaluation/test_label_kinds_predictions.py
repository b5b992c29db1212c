"""Predictions of several labels and of numbers: from a model's outputs, as files, and evaluated."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from datasets import Dataset
from run_results import result_of
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertForSequenceClassification

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, OpenedModel, open_for_prediction
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.names import Problem, Task
from toolkit.tasks import room_of
from toolkit.tasks.text_classification.label_set_result import LabelSetEvaluation
from toolkit.tasks.text_classification.number_result import MOST_POINTS, NumberEvaluation
from toolkit.tasks.text_classification.predict import predict, predictions_of
from toolkit.trials.finished import PREDICTIONS_FILE, FinishedRun

LABELS = ("한국어", "b", "a")
ROOM = room_of(Task.TEXT_CLASSIFICATION)
TEXTS = ["one", "two words", "three more words", "", "다섯"]
PAIRS = ["x", "", "y y", "z", "끝"]


def model_of(tiny_bert: Path, folder: Path, problem: Problem, labels: tuple[str, ...]) -> OpenedModel:
    torch.manual_seed(1)
    names = dict(enumerate(labels))
    config = BertConfig.from_pretrained(
        tiny_bert,
        initializer_range=0.5,
        id2label=names,
        label2id={name: i for i, name in names.items()},
        problem_type=str(problem),
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(folder)
    return open_for_prediction(LocatedModel("mine", folder), SEQUENCE_HEAD)


@pytest.mark.parametrize(
    ("problem", "labels"),
    [(Problem.SINGLE_LABEL, LABELS), (Problem.MULTI_LABEL, LABELS), (Problem.REGRESSION, ("score",))],
)
def test_answers_are_those_of_plain_transformers(tiny_bert: Path, tmp_path: Path, problem: Problem, labels):
    opened = model_of(tiny_bert, tmp_path, problem, labels)
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(tmp_path), opened.tokenizer
    with torch.no_grad():
        logits = model(**tokenizer(TEXTS, PAIRS, padding=True, return_tensors="pt")).logits
    rows = Dataset.from_dict({"id": list(range(5)), "text": TEXTS, "text_pair": PAIRS})
    found = predict(opened, rows, batch_rows=2)
    expected = {
        Problem.SINGLE_LABEL: lambda: (Predictions, "probabilities", logits.softmax(-1)),
        Problem.MULTI_LABEL: lambda: (LabelSetPredictions, "probabilities", logits.sigmoid()),
        Problem.REGRESSION: lambda: (NumberPredictions, "predicted", logits[:, 0]),
    }
    kind, name, numbers = expected[problem]()
    assert type(found) is kind
    assert np.abs(getattr(found, name) - numbers.numpy()).max() <= 1e-5
    assert found.pairs == PAIRS
    assert list(found.columns())[:3] == ["id", "text", "text_pair"]


def sets_of(**changes: object) -> LabelSetPredictions:
    probabilities = np.array([[0.9, 0.2, 0.7], [0.1, 0.5, 0.3], [0.4, 0.45, 0.02], [0.99, 0.98, 0.97], [0.3, 0.1, 0.9]])
    references = [("a", "한국어"), (), (), ("a", "b", "한국어"), ("a", "new")]
    given = {"ids": [4, 3, 2, 1, 0], "texts": TEXTS, "references": references, "labels": LABELS}
    return LabelSetPredictions(**{**given, "probabilities": probabilities, **changes})


def numbers_of(**changes: object) -> NumberPredictions:
    references, predicted = np.array([1.0, 2.5, 5.0, 0.0, 3.0]), np.array([1.5, 2.5, 3.0, 4.0, 2.0])
    given = {"ids": [4, 3, 2, 1, 0], "texts": TEXTS, "references": references, "predicted": predicted}
    return NumberPredictions(**{**given, **changes})


def test_a_set_has_the_labels_of_a_half_or_more_and_its_least_sure_decision():
    predictions = sets_of()
    assert predictions.answers == ["한국어, a", "b", "", "한국어, b, a", "a"]
    assert predictions.expected == ["한국어, a", "", "", "한국어, b, a", "a, new"]
    assert predictions.confidence == pytest.approx([0.7, 0.5, 0.55, 0.97, 0.7])
    assert predictions.wrong.tolist() == [False, True, False, False, True]
    assert predictions.unknown.tolist() == [0, 0, 0, 0, 1]
    row = predictions.rows()[0]
    assert list(row) == [
        "id", "text", "reference", "prediction", "probability", "probability:한국어", "probability:b", "probability:a"
    ]  # fmt: skip
    assert row["probability:b"] == pytest.approx(0.2)


def test_sets_are_read_from_the_outputs_of_a_head():
    rows = Dataset.from_dict(
        {"id": [0, 1], "text": ["x", "y"], "reference": ["a, b", ""], "label_names": [["a", "b"], []]}
    )
    found = predictions_of(Problem.MULTI_LABEL, np.array([[0.0, -0.1, 3.0], [-2.0, -1.0, -9.0]]), rows, labels=LABELS)
    assert found.answers == ["한국어, a", ""]
    assert found.references == [("a", "b"), ()]
    assert predictions_of(Problem.MULTI_LABEL, np.zeros((2, 3)), rows.select_columns(["id", "text"]), labels=LABELS)
    numbers = Dataset.from_dict({"id": [0, 1], "text": ["x", "y"], "reference": ["2.5", None]})
    scored = predictions_of(Problem.REGRESSION, np.array([[1.25], [2.0]]), numbers, labels=["score"])
    assert scored.columns()["reference"] == [2.5, None]
    assert scored.columns()["prediction"] == [1.25, 2.0]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("make", [sets_of, numbers_of])
def test_files_hold_what_the_columns_say(tmp_path: Path, make, suffix: str):
    predictions, path = make(pairs=PAIRS), tmp_path / f"out{suffix}"
    predictions.write(path)
    columns = predictions.columns()
    if suffix == ".parquet":
        assert pq.read_table(path).to_pydict() == columns
    elif suffix == ".jsonl":
        assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == predictions.rows()
    else:
        with path.open(encoding="utf-8", newline="") as stream:
            assert list(csv.DictReader(stream)) == [
                {name: str(value) for name, value in row.items()} for row in predictions.rows()
            ]


@pytest.mark.parametrize(
    ("make", "changes", "message"),
    [
        (sets_of, {"texts": ["x"]}, "1 texts for 5 ids"),
        (sets_of, {"probabilities": np.zeros((5, 2))}, r"expected \(5, 3\)"),
        (sets_of, {"probabilities": np.full((5, 3), np.nan)}, "not finite"),
        (numbers_of, {"pairs": ["x"]}, "1 pairs for 5 ids"),
        (numbers_of, {"predicted": np.full(5, np.inf)}, "not finite"),
    ],
)
def test_what_does_not_fit_together_is_refused(make, changes: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_evaluation_of_sets():
    evaluation = ROOM.measure(sets_of(), ["f1", "exact_match"])
    assert isinstance(evaluation, LabelSetEvaluation)
    assert evaluation.metrics["exact_match"].value == 0.6
    scores = {score.label: score for score in evaluation.per_label}
    assert asdict(scores["b"]) == {
        "label": "b", "rows": 1, "given": 2, "precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3)
    }  # fmt: skip
    assert [(m.id, m.reference, m.prediction) for m in evaluation.mistakes] == [(0, "a, new", "a"), (3, "", "b")]
    assert evaluation.warnings == (
        "1 of 5 rows have a label that the training data does not have ('new'): it counts as missed",
    )
    result = evaluation.to_json()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert list(result) == ["rows", "metrics", "per_label", "calibration", "precision_recall"]


def test_evaluation_of_numbers():
    evaluation = ROOM.measure(numbers_of(), ["pearson", "mae"])
    assert isinstance(evaluation, NumberEvaluation)
    errors = np.array([0.5, 0.0, -2.0, 4.0, -1.0])
    assert evaluation.metrics["mae"].value == pytest.approx(np.abs(errors).mean())
    assert evaluation.errors.bias == pytest.approx(errors.mean())
    assert (evaluation.errors.median, evaluation.errors.p95) == tuple(np.percentile(np.abs(errors), [50, 95]))
    assert [mistake.id for mistake in evaluation.mistakes] == [1, 2, 0, 4, 3]
    result = evaluation.to_json()
    assert result["points"][3] == [0.0, 4.0]
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_a_picture_has_a_bounded_number_of_points():
    numbers = np.linspace(0, 5, 3 * MOST_POINTS)
    n_rows = len(numbers)
    many = NumberPredictions(list(range(n_rows)), ["x"] * n_rows, numbers, numbers + 1)
    points = ROOM.measure(many, ["mae"]).points
    assert points.shape == (MOST_POINTS, 2)
    assert points[:, 1] == pytest.approx(points[:, 0] + 1)
    assert np.quantile(points[:, 0], [0.1, 0.5, 0.9]) == pytest.approx([0.5, 2.5, 4.5], abs=0.4)


def test_without_references_there_is_nothing_to_evaluate():
    with pytest.raises(ValueError, match="without references"):
        ROOM.measure(sets_of(references=None), ["f1"])
    with pytest.raises(ValueError, match="without references"):
        ROOM.measure(numbers_of(references=np.array([1.0, 2.0, np.nan, 1.0, 2.0])), ["mae"])


@pytest.mark.parametrize(("make", "problem"), [(sets_of, Problem.MULTI_LABEL), (numbers_of, Problem.REGRESSION)])
@pytest.mark.parametrize("pairs", [None, PAIRS])
def test_samples_of_a_finished_run_are_those_of_its_evaluation(tmp_path: Path, make, problem: Problem, pairs):
    predictions = make(pairs=pairs)
    measured = ROOM.measure(predictions, [])
    predictions.write(tmp_path / PREDICTIONS_FILE)
    assert measured.samples()
    assert FinishedRun(tmp_path, result_of({"labels": ["x"], "problem": problem.value})).samples() == measured.samples()


def test_mistakes_of_pairs_show_both_texts():
    predictions = replace(sets_of(), pairs=PAIRS)
    assert [mistake.text_pair for mistake in ROOM.measure(predictions, []).mistakes] == ["끝", ""]
