"""The whole story on a tiny model: stages, decision, recipes that run, resuming, and what goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from toolkit.choose import stages
from toolkit.choose.budget import Budget
from toolkit.choose.choose import Choice, choose
from toolkit.choose.measurement import Measurement, Stage, Status
from toolkit.choose.notebook import FILE
from toolkit.choose.written import choice_json, choice_lines
from toolkit.errors import DataError, RecipeError, ResourceError
from toolkit.names import Problem, Task
from toolkit.recipe import load_recipe
from toolkit.trials.ledger import read_trials
from toolkit.workflow import fine_tune

LABELS = Task.TEXT_CLASSIFICATION


@pytest.fixture(scope="module")
def short_runs() -> pytest.MonkeyPatch:
    patch = pytest.MonkeyPatch()
    patch.setattr(stages, "LENGTHS", (1.0,))
    patch.setattr(stages, "LONGEST", 2.0)
    patch.setattr(stages, "FEWEST_STEPS", 1)
    patch.setattr(stages, "SEEDS", 2)
    return patch


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def chosen(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_bert: Path,
    broken: Path,
    reviews: Path,
    short_runs: pytest.MonkeyPatch,
) -> Choice:
    return choose(
        LABELS,
        {"source": str(reviews), "max_length": 32},
        models=[str(tiny_bert), str(broken)],
        budget=Budget(120.0),
        output_dir=tmp_path_factory.mktemp("chosen") / "out",
    )


def _made(choice: Choice, stage: Stage) -> list[Measurement]:
    return [made for made in choice.measured if made.stage is stage and made.status is Status.MEASURED]


def test_every_stage_is_measured_on_the_same_validation_rows(chosen: Choice) -> None:
    assert [made.candidate for made in _made(chosen, Stage.BASELINE)] == ["majority", "tfidf-logistic"]
    assert len(_made(chosen, Stage.ZERO_SHOT)) == len(_made(chosen, Stage.FEATURES)) == 1
    assert {made.method for made in _made(chosen, Stage.RUN)} == {"full", "lora"}
    assert {len(made.answers or []) for made in chosen.measured if made.value is not None} == {24}
    assert (len(chosen.rows.learn), len(chosen.rows.judge_rows), len(chosen.rows.test)) == (72, 24, 24)


def test_a_candidate_that_cannot_be_opened_is_a_result(chosen: Choice, broken: Path) -> None:
    failed = [made for made in chosen.measured if made.candidate == str(broken)]
    assert [made.status for made in failed] == [Status.FAILED]
    assert failed[0].reason


def test_halving_runs_the_better_one_twice_as_long(chosen: Choice) -> None:
    epochs = sorted(float(made.details["epochs"]) for made in _made(chosen, Stage.RUN))
    assert epochs == [1.0, 1.0, 2.0]


def test_runs_are_in_the_ledger_and_never_see_the_test_rows(chosen: Choice) -> None:
    trials, _ = read_trials(chosen.folder / "runs" / "trials.jsonl")
    assert len(trials) == len(_made(chosen, Stage.RUN)) + len(_made(chosen, Stage.SEEDS))
    run = chosen.folder / _made(chosen, Stage.RUN)[0].details["run"]
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["splits"]["test"]["rows"] == 24
    judged = _made(chosen, Stage.RUN)[0]
    assert metrics["splits"]["test"]["metrics"]["accuracy"]["value"] == pytest.approx(judged.value)


def test_the_recommended_one_is_measured_on_the_test_rows(chosen: Choice) -> None:
    assert chosen.on_test is not None
    assert chosen.on_test.rows == 24
    assert chosen.on_test.value is not None


def test_each_recipe_of_the_front_loads_and_runs_as_it_is(chosen: Choice, tmp_path: Path) -> None:
    paths = list(chosen.recipes.paths.values())
    assert len(paths) == len(chosen.decision.front) >= 1
    recommended = chosen.recipes.of(chosen.decision.recommended)
    assert recommended is not None
    run = fine_tune(load_recipe(recommended), name="r", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert run.metrics["splits"]["test"]["rows"] == 24
    assert run.metrics["splits"]["validation"]["rows"] == 24


def test_page_picture_and_lines_tell_the_same(chosen: Choice) -> None:
    recommended = chosen.decision.recommended
    assert recommended is not None
    page = (chosen.folder / "choose.html").read_text(encoding="utf-8")
    assert "Recommended:" in page
    assert "<script" not in page
    assert (chosen.folder / "pareto.png").read_bytes().startswith(b"\x89PNG")
    assert any(recommended.name in line for line in choice_lines(chosen))
    told = json.loads(json.dumps(choice_json(chosen), allow_nan=False))
    assert told["recommended"]["model"] == recommended.candidate
    assert Path(told["recommended"]["recipe"]).is_file()
    assert {one["stage"] for one in told["candidates"]} >= {"zero-shot", "features", "run"}
    assert [one["model"] for one in told["baselines"]] == ["majority", "tfidf-logistic"]


def test_the_same_choice_goes_on_where_it_was(
    chosen: Choice, tiny_bert: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> Measurement:
        raise AssertionError("measured again")

    before = (chosen.folder / FILE).read_text(encoding="utf-8")
    for module in ("measure_zero_shot", "measure_features", "measure_runs"):
        monkeypatch.setattr(f"toolkit.choose.{module}._measure", never)
    again = choose(
        LABELS,
        {"source": str(reviews), "max_length": 32},
        models=[str(tiny_bert)],
        budget=Budget(120.0),
        output_dir=chosen.folder,
    )
    assert (chosen.folder / FILE).read_text(encoding="utf-8") == before
    assert again.decision.recommended == chosen.decision.recommended


def test_what_fails_on_the_way_is_told_and_the_rest_goes_on(
    tiny_bert: Path, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr("toolkit.choose.measure_runs.fine_tune", too_large)
    choice = choose(
        LABELS,
        {"source": str(reviews), "max_length": 32},
        models=[str(tiny_bert)],
        budget=Budget(120.0),
        output_dir=tmp_path,
    )
    runs = [made for made in choice.measured if made.stage is Stage.RUN]
    assert {(made.status, made.reason) for made in runs} == {(Status.FAILED, "out of memory")}
    assert choice.decision.recommended is not None


def test_a_budget_too_short_for_one_candidate_says_what_it_would_take(
    tiny_bert: Path, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toolkit.choose import measure_features

    measure_costs = measure_features.measure_costs
    monkeypatch.setattr(
        measure_features, "measure_costs", lambda *a, **k: replace(measure_costs(*a, **k), texts_per_second=0.01)
    )
    monkeypatch.setattr("toolkit.choose.stages.ZERO_SHOT_SHARE", 0.0)
    with pytest.raises(RecipeError, match=r"too short for one candidate.*--budget \d+s"):
        choose(LABELS, {"source": str(reviews)}, models=[str(tiny_bert)], budget=Budget(20.0), output_dir=tmp_path)
    with pytest.raises(RecipeError, match=r"too short for one candidate; write --budget 10s or more"):
        choose(LABELS, {"source": str(reviews)}, models=[str(tiny_bert)], budget=Budget(0.1), output_dir=tmp_path)


def test_several_labels_and_numbers_are_measured_too(
    tiny_bert: Path, sentences: list[tuple[str, str]], write_csv: Callable[..., Path], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(stages, "FEATURES_SHARE", 0.9)
    monkeypatch.setattr(stages, "LONGEST", 0.0)
    several = write_csv([(text, f"{label};long" if len(text) > 100 else label) for text, label in sentences[:80]])
    numbers = write_csv([(text, str(len(text))) for text, _ in sentences[:80]], name="numbers.csv")
    for problem, path, columns, metric in (
        (Problem.MULTI_LABEL, several, {"labels": "label"}, "f1"),
        (Problem.REGRESSION, numbers, {}, "pearson"),
    ):
        choice = choose(
            LABELS,
            {"source": str(path), "columns": columns, "max_length": 32},
            problem=problem,
            models=[str(tiny_bert)],
            budget=Budget(60.0),
            output_dir=tmp_path / metric,
        )
        assert choice.rows.judge.metric == metric
        assert choice.decision.recommended is not None
        assert choice.decision.recommended.value is not None


def test_one_class_is_refused(write_csv: Callable[..., Path], tiny_bert: Path, tmp_path: Path) -> None:
    path = write_csv([(f"text number {row}", "same") for row in range(40)])
    with pytest.raises(DataError, match="two classes"):
        choose(LABELS, {"source": str(path)}, models=[str(tiny_bert)], budget=Budget(20.0), output_dir=tmp_path)


def test_a_task_that_is_only_explained_is_refused_with_those_that_are_measured(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="text-classification"):
        choose(Task.FILL_MASK, {"source": "x.txt"}, budget=Budget(20.0), output_dir=tmp_path)


def test_one_process_at_a_time_chooses_in_a_folder(tiny_bert: Path, reviews: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".lock"), pytest.raises(ResourceError, match="another process"):
        choose(LABELS, {"source": str(reviews)}, models=[str(tiny_bert)], budget=Budget(20.0), output_dir=tmp_path)
