"""Each task, family and method that exists: trained, measured, described, published, and opened where it is new."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from combinations import QUESTIONS, STEPS, TRAINED, CombinedRun, kinds_of, kinds_that_fit, listed
from loopback import LoopbackHub
from report_page import Page
from task_rows import SPLITS, VALUES

from toolkit.errors import ToolkitError
from toolkit.hub.card.check import check_card
from toolkit.hub.verify.verdict import Verified
from toolkit.names import SPECS, Method, TaskSpec
from toolkit.recipe import load_recipe, recipe_digest
from toolkit.run_result import RunResult
from toolkit.run_result.log import training_losses
from toolkit.workflow.apply import evaluate, predict
from toolkit.workflow.publish import publish
from toolkit.workflow.verify import verify

TESTED = len(SPLITS["test"])


def result_of(run: CombinedRun) -> RunResult:
    return RunResult.read(run.folder / "metrics.json")


def test_run_did_what_the_recipe_says(run: CombinedRun) -> None:
    result, made = result_of(run), run.combination
    assert recipe_digest(load_recipe(run.folder / "recipe.yaml")) == recipe_digest(made.recipe(run.data))
    assert (result.task, result.family, result.method) == (made.task, made.family, made.method_name)
    assert (result.problem, result.test.rows) == (made.kind.problem, TESTED)
    assert result.training.steps == (STEPS if made.method in TRAINED else 0)
    losses = [line["loss"] for line in training_losses(run.folder)] if made.method in TRAINED else []
    assert all(math.isfinite(loss) for loss in losses)
    measured = [
        *result.test.metrics.values(),
        *(m for each in result.baselines.values() for m in each.metrics.values()),
    ]
    assert result.test.metrics
    assert [metric for metric in measured if metric.value is None and not metric.reason] == []


def test_evaluate_repeats_measurement_and_predictions(run: CombinedRun, tmp_path: Path) -> None:
    measured = evaluate(str(run.folder), [run.data["test"]], output=tmp_path / "rows.parquet")
    before = result_of(run).test
    assert (measured.test.metrics, measured.test.details) == (before.metrics, before.details)
    assert parquet.read_table(tmp_path / "rows.parquet").equals(parquet.read_table(run.folder / "predictions.parquet"))


def test_predict_repeats_the_predictions(run: CombinedRun) -> None:
    kept = parquet.read_table(run.folder / "predictions.parquet").to_pylist()
    rows = predict(str(run.folder), [run.data["test"]]).rows()
    assert len(rows) == TESTED
    for row, before in zip(rows, kept, strict=True):
        assert row.keys() - {"id", "text", "text_pair", "reference"}
        assert {name: row[name] for name in row.keys() & before.keys()} == {
            name: before[name] for name in row.keys() & before.keys()
        }


def test_card_is_sound_and_page_parses(run: CombinedRun) -> None:
    assert check_card((run.folder / "README.md").read_text(encoding="utf-8")) == ()
    page = Page((run.folder / "report.html").read_text(encoding="utf-8"))
    assert f"{TESTED} test rows" in " ".join(page.text.split())


def test_published_model_answers_alike_in_fresh_processes(
    run: CombinedRun, hub: LoopbackHub, quick_processes: None
) -> None:
    """A push opens its files before it sends them, and what is on the hub afterwards."""
    if run.combination.method is Method.ZERO_SHOT:
        for act in (lambda: verify(str(run.folder)), lambda: publish(str(run.folder), run.repo_id)):
            with pytest.raises(ToolkitError, match="of its own"):
                act()
        return
    golden_rows = len(json.loads((run.folder / "golden.json").read_text(encoding="utf-8"))["rows"])
    assert TESTED // 2 <= golden_rows <= TESTED  # some tasks keep no answer to a text that takes several windows
    published = publish(str(run.folder), run.repo_id)
    check_all_passed(published.verified, golden_rows)
    there = hub.repos[published.repo_id].files()
    assert set(there) == {*published.files, ".gitattributes"}
    assert any(name.endswith(".py") for name in there) == (b"auto_map" in there.get("config.json", b""))
    if "adapter_config.json" in published.files:  # and the run has the merged model
        check_all_passed(verify(str(run.folder)), golden_rows)
    elif run.combination.method is Method.PEFT:
        assert "the merged model is sent" in " ".join(published.remarks)


def check_all_passed(found: Verified, golden_rows: int) -> None:
    passed = {check.name for check in found.checks if check.passed}
    assert passed >= {"files", "opens", "head", "tokenizer", "answers", "card"}, found.checks
    assert found.passed, found.checks
    assert found.parity is not None
    assert found.parity.rows == golden_rows


def test_every_combination_is_tried() -> None:
    assert [entry for entry in listed() if not kinds_that_fit(*entry)] == []


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.task)
def test_every_column_and_kind_of_label_is_tried(spec: TaskSpec) -> None:
    fitting = {each.kind for entry in listed() if entry[0] is spec.task for each in kinds_that_fit(*entry)}
    assert fitting == set(kinds_of(spec))
    own = {column for kind in fitting if kind != QUESTIONS for column in kind.columns}
    assert own == set(spec.column_names) <= VALUES.keys()
    assert {kind.problem for kind in fitting} == set(spec.problems or [None])
