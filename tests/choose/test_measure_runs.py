"""Real short runs of tiny models: what they have written down is what their saved models answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from tiny_models import pretrained
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from toolkit.choose.look.candidates import SCRATCH, Candidate, find_candidates
from toolkit.choose.look.first_look import divided
from toolkit.choose.look.rows import write_for_runs
from toolkit.choose.measure import runs as measuring
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.notebook import Notebook
from toolkit.choose.measure.recipes import training_section
from toolkit.choose.measure.runs import Arm, run_answers, train_and_answer
from toolkit.choose.measure.work import Work
from toolkit.names import LORA, Method, Problem, Task
from toolkit.tasks.texts.judge import targets_of
from toolkit.trials.finished import PREDICTIONS_FILE
from toolkit.trials.ledger import read_trials

LABELS = Task.TEXT_CLASSIFICATION
Sentences = list[tuple[str, str]]


@pytest.fixture(autouse=True)
def quick_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "COST_SECONDS", 0.02)


def _work(task: Task, data: dict[str, Any], folder: Path, *, problem: Problem | None = None) -> Work:
    rows = divided(task, {"max_length": 32, **data}, problem)
    notebook, ledger = Notebook(folder, data=rows.digest), folder / "trials.jsonl"
    return Work(rows=rows, budget=Budget(200.0), notebook=notebook, folder=folder, ledger=ledger)


def _candidate(work: Work, made: Measurement) -> Candidate:
    return find_candidates([made.candidate], task=work.rows.task, problem=work.rows.problem)[0]


def _run(work: Work, model: str, method: str) -> Measurement:
    (candidate,) = find_candidates([model], task=work.rows.task, problem=work.rows.problem)
    data = write_for_runs(work.rows, work.folder / "data")
    training = training_section(candidate, method, epochs=1.0, generates=work.rows.judge.generates)
    arm = Arm(candidate, method, rate=100.0)
    made = train_and_answer(work, arm, training=training, data=data, seed=work.seed, stage=Stage.RUN)
    assert made.status is Status.MEASURED, made.reason
    return made


def _logits(work: Work, made: Measurement) -> np.ndarray[Any, Any]:
    """What the library's own classes say to the validation rows."""
    folder = work.folder / made.details["run"] / "model"
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert tokenizer.model_max_length == 32
    given = list(work.rows.judge_rows["text"])
    with torch.no_grad():
        return model(**tokenizer(given, padding=True, truncation=True, return_tensors="pt")).logits.numpy()


def _has_costs(made: Measurement) -> None:
    assert made.costs is not None
    assert 0 < made.costs["latency_p50_seconds"] <= made.costs["latency_p95_seconds"]
    assert made.rate == made.costs["texts_per_second"]


def test_several_labels_are_those_that_are_more_probable_than_not(
    tiny_bert: Path, sentences: Sentences, write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_csv([(text, f"{label};long" if len(text) > 100 else label) for text, label in sentences[:60]])
    data = {"source": str(path), "columns": {"labels": "label"}}
    work = _work(LABELS, data, tmp_path / "out", problem=Problem.MULTI_LABEL)
    made = _run(work, str(tiny_bert), Method.FULL)
    assert made.answers == [np.flatnonzero(row > 0).tolist() for row in _logits(work, made)]
    assert run_answers(work, _candidate(work, made), made, work.rows.judge_rows) == made.answers
    _has_costs(made)
    assert [trial.status for trial in read_trials(work.ledger)[0]] == ["degenerate"]


def test_a_number_is_what_the_model_says(
    tiny_bert: Path, sentences: Sentences, write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_csv([(text, str(len(text))) for text, _ in sentences[:60]])
    work = _work(LABELS, {"source": str(path)}, tmp_path / "out", problem=Problem.REGRESSION)
    made = _run(work, str(tiny_bert), LORA)
    assert made.answers == pytest.approx(_logits(work, made)[:, 0], abs=1e-4)
    assert run_answers(work, _candidate(work, made), made, work.rows.judge_rows) == pytest.approx(made.answers)
    _has_costs(made)


def test_of_an_encoder_decoder_the_whole_model_is_paid_for(reviews: Path, tmp_path: Path) -> None:
    folder = pretrained("t5", tmp_path / "t5")
    work = _work(LABELS, {"source": str(reviews)}, tmp_path / "out")
    made = _run(work, str(folder), Method.FULL)
    model = AutoModelForSequenceClassification.from_pretrained(work.folder / made.details["run"] / "model")
    assert made.costs is not None
    assert made.costs["parameters"] == model.num_parameters()
    assert run_answers(work, _candidate(work, made), made, work.rows.judge_rows) == made.answers
    _has_costs(made)


@pytest.mark.parametrize("task", [Task.TRANSLATION, Task.TEXT_GENERATION])
def test_texts_are_scored_and_none_is_written_but_for_the_costs(
    task: Task, sentences: Sentences, write_csv: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    write_texts = measuring.write_texts
    monkeypatch.setattr(measuring, "write_texts", lambda *a: (asked.append(len(a[1])), write_texts(*a)))
    if task is Task.TRANSLATION:
        path = write_csv([(text, text.upper()) for text, _ in sentences[:60]], header=("source", "target"))
    else:
        path = tmp_path / "texts.txt"
        path.write_text("\n".join(text for text, _ in sentences[:60]), encoding="utf-8")
    work = _work(task, {"source": str(path)}, tmp_path / "out")
    made = _run(work, SCRATCH, Method.SCRATCH)
    assert "prediction" not in pq.read_schema(work.folder / made.details["run"] / PREDICTIONS_FILE).names
    assert made.answers == pytest.approx(
        run_answers(work, _candidate(work, made), made, work.rows.judge_rows), rel=1e-5
    )
    characters = sum(map(len, targets_of(work.rows.judge_rows)))
    assert made.value == pytest.approx(sum(made.answers or []) / characters)
    assert made.costs is not None
    assert made.costs["latency_p50_seconds"] > 0
    assert len(asked) >= 6
    assert max(asked) == 4
    assert made.rate is not None


def test_a_run_with_another_length_is_another_run(tiny_bert: Path, reviews: Path, tmp_path: Path) -> None:
    work = _work(LABELS, {"source": str(reviews)}, tmp_path)
    for length in (32, 32, 16):
        section = {**work.rows.section, "max_length": length}
        _run(replace(work, rows=replace(work.rows, section=section)), str(tiny_bert), Method.FULL)
    assert len(read_trials(work.ledger)[0]) == 2
