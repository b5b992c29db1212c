"""The typed result reads and writes ``metrics.json`` byte for byte, and names what is damaged."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from toolkit.errors import IntegrityError
from toolkit.run_result import Example, RunResult, SplitResult

REPORT = Path(__file__).with_name("report")


def metrics_of(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((REPORT / name).read_text(encoding="utf-8"))
    return values


@pytest.mark.parametrize(("name", "spaces"), [("metrics.json", 1), ("metrics-translation.json", 2)])
def test_files_of_older_versions_come_back_byte_for_byte(name: str, spaces: int):
    text = (REPORT / name).read_text(encoding="utf-8")
    result = RunResult.from_json(json.loads(text))
    assert json.dumps(result.to_json(), ensure_ascii=False, indent=spaces) + "\n" == text
    assert result.problem is None
    assert not result.has_example


def test_every_optional_key_comes_back_in_its_place():
    metrics = metrics_of("metrics.json")
    values = list(metrics.items())
    at = [key for key, _ in values].index("splits")
    metrics = dict([*values[:at], ("problem", "single_label_classification"), *values[at:]])
    metrics["splits"]["train"]["labels"] = {"negative": 3, "positive": 4}
    metrics["splits"]["test"]["metrics"]["f1"] = {"value": None, "ci95": None, "reason": "no rows"}
    metrics["splits"]["test"]["slices"] = {"metric": "accuracy", "slices": []}
    metrics["environment"] = {
        "python": "3",
        "platform": "x",
        "packages": {},
        "device": "gpu",
        "cpu_count": 1,
        "threads": 1,
    }
    metrics["example"] = None
    metrics["parity"] = {"saved": {"rows": 3}}
    result = RunResult.from_json(deepcopy(metrics))
    assert json.dumps(result.to_json()) == json.dumps(metrics)
    assert result.splits["train"].counts == {"labels": {"negative": 3, "positive": 4}}
    assert list(result.test.details) == ["confusion", "most_confused"]
    assert result.test.metrics["f1"].reason == "no rows"


def test_an_example_keeps_its_keys():
    plain = {"inputs": {"text": "a"}, "reference": "b", "code": "print(1)", "output": "1"}
    asked = {**plain, "output": None, "prediction": "b", "probability": 0.5}
    for example in (plain, asked):
        result = RunResult.from_json(metrics_of("metrics.json") | {"example": example})
        assert isinstance(result.example, Example)
        assert list(result.to_json()["example"].items()) == list(example.items())


def without(metrics: dict[str, Any], path: str) -> None:
    *keys, last = path.split(".")
    for key in keys:
        metrics = metrics[key]
    del metrics[last]


@pytest.mark.parametrize(
    "path",
    [
        "schema",
        "task",
        "labels",
        "splits",
        "splits.train.rows",
        "splits.test",
        "splits.test.metrics",
        "baselines.majority.rows",
        "training.parameters.total",
        "training.curve",
        "data.digest",
        "cost",
        "environment.packages",
    ],
)
def test_a_missing_key_is_named(path: str):
    metrics = metrics_of("metrics.json")
    without(metrics, path)
    with pytest.raises(IntegrityError, match=rf"metrics\.json: damaged: .*{path.rpartition('.')[2]}"):
        RunResult.from_json(metrics, where="metrics.json")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", 2, "schema is 2; this version reads 1"),
        ("task", "divination", "task is 'divination'; allowed: text-classification, "),
        ("seed", "0", "seed is no whole number: '0'"),
        ("seed", True, "seed is no whole number: 'True'"),
        ("labels", ["a", 1], "labels is no list of texts"),
        ("splits.test", [], "splits.test is no JSON object"),
        ("splits.test.metrics.accuracy", 0.5, "splits.test.metrics.accuracy is no JSON object"),
        ("splits.test.metrics.accuracy.value", "high", "splits.test.metrics.accuracy.value is no number: 'high'"),
        ("splits.test.metrics.accuracy.ci95", [1], "splits.test.metrics.accuracy.ci95 is no pair of numbers"),
        ("splits.test.metrics.accuracy.ci95", [0, "1"], "splits.test.metrics.accuracy.ci95 is no list of numbers"),
        ("training.curve", [3], "training.curve is no JSON object"),
        ("training.curve", [{"loss": 1.0}], "training.curve.step is missing"),
        ("training.curve", [{"step": 1, "loss": "low"}], "training.curve.loss is no number: 'low'"),
        ("training.averaged_steps", [8, None], "training.averaged_steps is no list of whole numbers"),
        ("cost.train_seconds", "long", "cost.train_seconds is no number: 'long'"),
        ("environment.packages.torch", 2, "environment.packages.torch is no text: '2'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(path: str, value: Any, message: str):
    metrics = metrics_of("metrics.json")
    *keys, last = path.split(".")
    held = metrics
    for key in keys:
        held = held[key]
    held[last] = value
    with pytest.raises(IntegrityError) as error:
        RunResult.from_json(metrics)
    assert message in str(error.value)


@pytest.mark.parametrize("content", ["{", "[]", None])
def test_a_file_that_is_no_result_is_named(content: str | None, tmp_path: Path):
    file = tmp_path / "metrics.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"metrics\.json: "):
        RunResult.read(file)


def test_a_measurement_becomes_a_split():
    measured = {
        "rows": 3,
        "metrics": {"bleu": {"value": 1.5, "ci95": [1.0, 2.0], "signature": "nrefs:1"}},
        "points": [[1, 2]],
    }
    split = SplitResult.of(measured, counts={"labels": {"a": 3}}, slices={"metric": "bleu"})
    assert split.signatures == {"bleu": "nrefs:1"}
    assert list(split.to_json()) == ["rows", "labels", "metrics", "points", "slices"]
    assert split.to_json()["metrics"] == measured["metrics"]
    assert SplitResult.of(measured).to_json() == measured


def test_reading_a_result_imports_no_library():
    code = "import sys, toolkit.run_result; print([n for n in ('numpy', 'torch', 'transformers') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
