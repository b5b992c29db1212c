"""What a candidate writes beside what the free baselines write."""

from __future__ import annotations

import pytest
from datasets import Dataset

from toolkit.choose.measure.written import Written, compare_written
from toolkit.choose.show.written import written_json, written_lines
from toolkit.evaluation.metrics.measure_texts import measure_texts

RIGHT = [f"a film {word} and long" for word in "abcdefghij"]
ROWS = Dataset.from_dict({"source": ["that film"] * 10, "target": RIGHT})
COPY = ["that film"] * 10


def test_the_values_are_those_of_the_metric_and_the_best_baseline_is_named() -> None:
    found = compare_written("rouge1", RIGHT, ROWS, baselines={"none": [""] * 10, "copy": COPY})
    assert found.value == measure_texts(["rouge1"], predictions=RIGHT, references=RIGHT)["rouge1"]
    assert found.baselines["copy"] == measure_texts(["rouge1"], predictions=COPY, references=RIGHT)["rouge1"]
    assert found.best_baseline == "copy"
    assert found.better_by["copy"].value == pytest.approx(1 - (found.baselines["copy"].value or 0.0))
    assert "writes better than the best of them, COPY" in written_lines(found, str.upper)[-1]
    assert found.no_worse is None


def test_a_baseline_that_writes_better_is_to_be_taken() -> None:
    found = compare_written("rouge1", COPY, ROWS, baselines={"nearest": RIGHT})
    assert written_lines(found, str.upper)[-1].startswith("The free baseline NEAREST writes better")


def test_a_difference_that_is_not_shown_is_not_claimed() -> None:
    mixed = [*RIGHT[:5], *COPY[:5]]
    found = compare_written("rouge1", mixed, ROWS, baselines={"nearest": [*COPY[:5], *RIGHT[5:]]})
    assert written_lines(found, str.upper)[-1].startswith(
        "The model is not shown to write better than the free baseline NEAREST"
    )
    assert found.no_worse == "nearest"


def test_nothing_written_is_told_with_its_reason() -> None:
    found = Written(0, "bleu", reason="stopped after 3 s, the time that it was given")
    assert written_lines(found, str.upper) == [
        "What it writes was not measured: stopped after 3 s, the time that it was given."
    ]
    assert written_json(found) == {
        "value": None,
        "ci95": None,
        "reason": "stopped after 3 s, the time that it was given",
        "rows": 0,
        "metric": "bleu",
        "baselines": {},
        "better_by": {},
    }
    assert (written_lines(None, str.upper), written_json(None)) == ([], None)
