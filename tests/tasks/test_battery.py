"""Each task, family and method that exists: trained, opened elsewhere, asked, measured, described and published."""

from __future__ import annotations

import json

import pyarrow.parquet as parquet
import pytest
from combinations import CombinedRun
from report_page import Page

from toolkit.errors import RecipeError
from toolkit.hub.card.check import check_card
from toolkit.names import Method
from toolkit.workflow import evaluate, predict
from toolkit.workflow.publish import publish
from toolkit.workflow.verify import verify


def has_model(run: CombinedRun) -> bool:
    return run.combination.method is not Method.ZERO_SHOT


def test_metrics_say_what_was_done(run: CombinedRun) -> None:
    metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))
    made = run.combination
    assert (metrics["task"], metrics["family"], metrics["method"]) == (made.task, made.family, made.method)
    assert metrics["splits"]["test"]["rows"] == 8
    values = [entry["value"] for entry in metrics["splits"]["test"]["metrics"].values()]
    assert values
    print(json.dumps({k: v for k, v in metrics.items() if k not in ("splits", "example")}), values)


def test_card_is_sound(run: CombinedRun) -> None:
    assert check_card((run.folder / "README.md").read_text(encoding="utf-8")) == ()


def test_page_parses(run: CombinedRun) -> None:
    page = Page((run.folder / "report.html").read_text(encoding="utf-8"))
    assert "8 test rows" in " ".join(page.text.split())


def test_saved_model_answers_alike_in_a_fresh_process(run: CombinedRun, quick_processes: None) -> None:
    if not has_model(run):
        with pytest.raises(RecipeError, match="none of its own to verify"):
            verify(str(run.folder))
        return
    found = verify(str(run.folder))
    print(found)
    assert found.passed, found.checks


def test_evaluate_repeats_the_result(run: CombinedRun) -> None:
    metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))
    found = evaluate(str(run.folder), [run.data["test"]]).to_json()
    assert found["splits"]["test"]["metrics"] == metrics["splits"]["test"]["metrics"]


def test_predict_repeats_the_answers(run: CombinedRun) -> None:
    kept = parquet.read_table(run.folder / "predictions.parquet").to_pylist()
    print(kept[:2])
    rows = predict(str(run.folder), [run.data["test"]]).rows()
    print(rows[:2])


def test_published_model_answers_alike(run: CombinedRun, quick_processes: None) -> None:
    published = publish(str(run.folder), run.repo_id)
    print(published)
    assert published.passed, published.verified.checks
