from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from toolkit.adapters import open_body
from toolkit.adapters.features import pooled_features
from toolkit.choose.look.candidates import Candidate, find_candidates
from toolkit.choose.look.first_look import divided
from toolkit.choose.measure import features as measuring
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.costs import Costs
from toolkit.choose.measure.features import features_answers, measure_features, read_and_fit
from toolkit.choose.measure.measurement import Status
from toolkit.choose.measure.notebook import Notebook
from toolkit.choose.measure.recipes import recipe_tree
from toolkit.choose.measure.work import Work
from toolkit.names import Task
from toolkit.recipe import build_recipe
from toolkit.training.head import FittedHead, fit_head
from toolkit.training.head_linear import PENALTIES
from toolkit.workflow.fine_tune import fine_tune


@pytest.fixture
def work(reviews: Path, tmp_path: Path) -> Work:
    rows = divided(Task.TEXT_CLASSIFICATION, {"source": str(reviews)}, None)
    notebook = Notebook(tmp_path, data=rows.digest)
    return Work(rows=rows, budget=Budget(100.0), notebook=notebook, folder=tmp_path, ledger=tmp_path / "trials.jsonl")


@pytest.fixture
def candidate(tiny_bert: Path) -> Candidate:
    return find_candidates([str(tiny_bert)], task=Task.TEXT_CLASSIFICATION)[0]


def test_every_layer_is_scored_and_the_head_is_logistic_regression(work: Work, candidate: Candidate) -> None:
    made = read_and_fit(work, candidate, seconds=600.0)
    assert set(made.details["scores"]) == {"0", "1", "2"}
    assert made.rows_learnt == len(work.rows.learn)
    assert candidate.located is not None
    (layer,) = made.recipe["features"]["layers"]
    body = open_body(candidate.located)
    learnt, judged = (pooled_features(body, rows, layers=[layer]) for rows in (work.rows.learn, work.rows.judge_rows))
    scale = StandardScaler().fit(learnt)
    agreed = []
    for penalty in PENALTIES:
        model = LogisticRegression(C=1 / penalty, max_iter=5_000).fit(scale.transform(learnt), work.rows.learn["label"])
        agreed.append(float((model.predict(scale.transform(judged)) == np.array(made.answers[:24])).mean()))
    assert max(agreed) >= 0.95


def test_the_head_of_the_test_rows_is_that_of_the_recipe(work: Work, candidate: Candidate, tmp_path: Path) -> None:
    made = measure_features(work, candidate, seconds=600.0)
    tree = recipe_tree(work.rows, candidate, "features", parts=made.sections)
    run = fine_tune(build_recipe(tree), name="r", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    answers = features_answers(work, candidate, made, work.rows.test)
    written = pq.read_table(run.folder / "predictions.parquet")["prediction"].to_pylist()
    assert [work.rows.labels[answer] for answer in answers] == written


def test_a_budget_that_ends_among_the_folds_leaves_what_was_answered(
    work: Work, candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def fit_in_a_second(*args: Any, **settings: Any) -> FittedHead:
        now[0] += 1.0
        return fit_head(*args, **settings)

    monkeypatch.setattr(measuring, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(measuring, "fit_head", fit_in_a_second)
    whole = read_and_fit(work, candidate, seconds=600.0)
    assert (whole.rows, len(whole.answers or [])) == (None, len(work.rows.judged))
    each = now[0] / (1 + len(work.rows.folds))
    part = read_and_fit(work, candidate, seconds=2.5 * each)
    n_answered = len(work.rows.judge_rows) + len(work.rows.folds[0])
    assert part.rows == list(range(n_answered))
    assert part.answers == (whole.answers or [])[:n_answered]
    assert part.details["folds"] == 2


def test_a_head_never_learns_from_another_copy_of_what_it_answers(
    candidate: Candidate, write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    # Labels are drawn at random, and every text stands there twice: whoever knows its copy knows the label.
    drawn = np.random.default_rng(0).integers(2, size=100)
    texts = [f"{chr(97 + row % 26)} film number {row}" for row in range(100)]
    rows = [(text, "ab"[label]) for text, label in zip(texts, drawn, strict=True)]
    path = write_csv([*rows, *((text.upper(), label) for text, label in rows)])
    divided_rows = divided(Task.TEXT_CLASSIFICATION, {"source": str(path)}, None)
    notebook = Notebook(tmp_path, data=divided_rows.digest)
    work = Work(
        rows=divided_rows, budget=Budget(100.0), notebook=notebook, folder=tmp_path, ledger=tmp_path / "trials.jsonl"
    )
    made = read_and_fit(work, candidate, seconds=600.0)
    assert made.interval is not None
    assert made.interval[0] < 0.6


def test_a_body_is_measured_once(work: Work, candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> None:
    made = read_and_fit(work, candidate, seconds=600.0)
    monkeypatch.setattr(measuring, "pooled_features", lambda *_, **__: pytest.fail("read again"))
    other = Candidate(**{**vars(candidate), "name": "other"})
    (work.folder / "elsewhere").mkdir()
    elsewhere = replace(work, notebook=Notebook(work.folder / "elsewhere", data=work.rows.digest))
    found = read_and_fit(elsewhere, other, seconds=600.0, known=[made])
    assert (found.candidate, found.answers) == ("other", made.answers)
    assert found.details["same_body_as"] == candidate.name


def _costing(texts_per_second: float) -> Callable[..., Costs]:
    return lambda *_, **__: Costs(1, 1, 0.1, 0.1, 0.1, 0.1, texts_per_second, None)


@pytest.mark.parametrize(("rate", "n_learnt"), [(1.0, 40), (1e-4, 0)])
def test_with_little_time_it_learns_from_fewer_rows_or_says_what_all_would_take(
    rate: float, n_learnt: int, work: Work, candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "FEWEST_TO_LEARN", 10)
    monkeypatch.setattr(measuring, "SPEEDUP", 1.0)
    monkeypatch.setattr(measuring, "measure_costs", _costing(rate))
    made = read_and_fit(work, candidate, seconds=60.0)
    assert made.status is (Status.MEASURED if n_learnt else Status.SKIPPED)
    assert made.rows_learnt <= n_learnt + 8
    assert made.reason is None or "would take about" in made.reason


def test_a_process_of_its_own_measures_the_same_to_the_last_bit(work: Work, candidate: Candidate) -> None:
    apart, here = measure_features(work, candidate, seconds=600.0), read_and_fit(work, candidate, seconds=600.0)
    assert (apart.answers, apart.value, apart.recipe) == (here.answers, here.value, here.recipe)
    assert apart.details["scores"] == here.details["scores"]
    assert apart.details["held_out_loss"] == here.details["held_out_loss"]


def test_a_candidate_that_takes_too_long_is_skipped(work: Work, candidate: Candidate) -> None:
    made = measure_features(work, candidate, seconds=0.01)
    assert made.status is Status.SKIPPED
    assert made.reason is not None
    assert made.reason.startswith("stopped after")
    assert "needed_seconds" in made.details
