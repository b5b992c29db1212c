"""A story is told of made-up run folders and ledgers, also of damaged ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from kept_runs import answers_of, write_kept_run

from toolkit.errors import IntegrityError, RecipeError
from toolkit.report.page import render_story
from toolkit.tell.tell import tell
from toolkit.trials.ledger import append_lesson, append_trial, read_trials
from toolkit.trials.trial import new_trial


def _run(folder: Path, name: str, seed: int, *, kind: str = "classes", **facts) -> Path:
    """Write a run with its trial, added to the ledger of the folder."""
    run = write_kept_run(folder / "runs" / name, answers_of(kind, seed), kind=kind)
    result = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    usual = {
        "status": "done",
        "data_digest": "d",
        "metrics": result["splits"]["test"]["metrics"],
        "cost": {"seconds": 2.0},
    }
    values = {**usual, "recipe": name, "recipe_digest": name, "task": result["task"], "family": result["family"]}
    values |= {"model": "m", "method": "full", "seed": 0, "output_dir": str(run), **facts}
    trial = append_trial(folder / "runs" / "trials.jsonl", new_trial(**values))
    (run / "trial.json").write_text(json.dumps(trial.to_json()), encoding="utf-8")
    return run


def _failed(folder: Path, message: str) -> None:
    values = {
        "status": "diverged",
        "data_digest": "d",
        "recipe": "wild",
        "recipe_digest": "w",
        "cost": {"seconds": 3.0},
    }
    values |= {"task": "text-classification", "model": "m", "method": "full", "seed": 0, "output_dir": "runs/wild"}
    append_trial(folder / "runs" / "trials.jsonl", new_trial(**values, error={"code": 6, "message": message}))


@pytest.fixture
def work(tmp_path):
    """Three runs and a failure with bad texts in it."""
    for seed, name in enumerate(("first", "second", "third"), start=1):
        _run(tmp_path, name, seed)
    _failed(tmp_path, "<script>alert(1)</script> \x1b[31mred")
    return tmp_path


def test_a_ledger_is_told_with_its_failures_and_lessons(work):
    ledger = work / "runs" / "trials.jsonl"
    append_lesson(ledger, read_trials(ledger)[0][3], "too <b>fast</b>")
    story = tell([], ledger=ledger)
    assert [each.failed for each in story.attempts] == [False, False, False, True]
    assert story.cost.lost_seconds == 3.0
    assert story.cost.seconds == 9.0
    values = [run.result.test.metrics["accuracy"].value for run in story.runs]
    assert values[0] == max(values) == story.winner.figure.entry.value
    differences = [each.difference.value for each in story.winner.versus]
    assert differences == pytest.approx([values[0] - value for value in values[1:]])
    page = render_story(story)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    assert "too &lt;b&gt;fast&lt;/b&gt;" in page


def test_a_page_is_korean(work):
    page = render_story(tell([], ledger=work / "runs" / "trials.jsonl", language="ko"))
    assert '<html lang="ko">' in page
    assert "시도한 순서" in page
    assert "발산" in page


def test_what_is_gone_damaged_or_cut_is_told(work):
    ledger = work / "runs" / "trials.jsonl"
    shutil.rmtree(work / "runs" / "first")
    damaged = work / "runs" / "second" / "metrics.json"
    damaged.write_text(damaged.read_text(encoding="utf-8").replace('"schema": 1', '"schema": 2', 1), encoding="utf-8")
    with ledger.open("ab") as stream:
        stream.write(b'{"schema": 1, "id": "cu')
    story = tell([], ledger=ledger)
    assert [run.name for run in story.runs] == [str(work / "runs" / "third")]
    assert "on line 5" in story.warnings[0]
    told = " ".join(story.left_out.values())
    assert "is gone" in told
    assert "this version reads 1" in told
    assert story.compared is None
    assert "is gone" in render_story(story)


def test_tasks_are_not_mixed(work):
    _run(work, "translated", 1, kind="written")
    with pytest.raises(RecipeError, match="several tasks: text-classification 4, translation 1"):
        tell([], ledger=work / "runs" / "trials.jsonl")
    named = tell([str(work / "runs" / "translated")], ledger=work / "runs" / "trials.jsonl")
    assert len(named.attempts) == 1


@pytest.mark.parametrize("kind", ["sets", "numbers", "tags", "written", "scored"])
def test_every_kind_of_answers_makes_a_page(tmp_path, kind):
    runs = [str(_run(tmp_path, name, seed, kind=kind)) for seed, name in enumerate(("a", "b"), start=1)]
    assert "</html>" in render_story(tell(runs, language="ko"))


def test_a_missing_run_and_a_missing_ledger_are_refused(work):
    with pytest.raises(IntegrityError, match="no such run folder"):
        tell([str(work / "runs" / "frist")])
    with pytest.raises(RecipeError, match="no such ledger"):
        tell([], ledger=work / "runs" / "trial.jsonl")
