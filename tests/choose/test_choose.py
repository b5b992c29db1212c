"""The whole story on a tiny model: stages, decision, recipes that run, resuming, and what goes wrong on the way."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from short_choice import train_anyway
from tiny_models import WORDS, pretrained

from toolkit.adapters import LocatedModel
from toolkit.choose.choose import Choice, choose
from toolkit.choose.decision.hand_over import hand_over
from toolkit.choose.look.candidates import Candidate, find_candidates
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.notebook import FILE, Notebook
from toolkit.choose.measure.on_test import measure_on_test
from toolkit.choose.measure.work import Work
from toolkit.choose.search import rounds as runs
from toolkit.choose.search import stages
from toolkit.choose.show.lines import choice_json, choice_lines
from toolkit.errors import DataError, RecipeError, ResourceError
from toolkit.names import Problem, Task
from toolkit.recipe import load_recipe
from toolkit.trials.ledger import read_trials
from toolkit.workflow.fine_tune import fine_tune

LABELS = Task.TEXT_CLASSIFICATION


@pytest.fixture(scope="module", autouse=True)
def short_runs() -> Iterator[None]:
    """Runs of one and two epochs, of whatever number of steps, and two seeds."""
    with pytest.MonkeyPatch.context() as patch:
        train_anyway(patch, longest=2.0, seeds=2)
        yield


@pytest.fixture
def no_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring ends with the features."""
    monkeypatch.setattr(runs, "training_methods", lambda _: ())


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
    short_or_long: Path,
) -> Choice:
    folder = tmp_path_factory.mktemp("chosen")
    return choose(
        LABELS,
        {"source": str(short_or_long), "max_length": 32},
        models=[str(tiny_bert), str(broken)],
        budget=Budget(900.0),
        output_dir=folder / "out",
        ledger=folder / "trials.jsonl",
    )


def _made(choice: Choice, stage: Stage) -> list[Measurement]:
    return [made for made in choice.measured if made.stage is stage and made.status is Status.MEASURED]


def test_every_stage_is_measured_on_the_same_validation_rows(chosen: Choice) -> None:
    assert [made.candidate for made in _made(chosen, Stage.BASELINE)] == ["majority", "tfidf-logistic"]
    assert len(_made(chosen, Stage.ZERO_SHOT)) == len(_made(chosen, Stage.FEATURES)) == 1
    assert {made.method for made in _made(chosen, Stage.RUN)} == {"full", "lora"}
    assert {len(made.answers or []) for stage in (Stage.RUN, Stage.SEEDS) for made in _made(chosen, stage)} == {24}
    assert {len(made.answers or []) for made in _made(chosen, Stage.FEATURES)} == {96}  # all that are not test
    # The validation rows leave no doubt that the baseline is worse than all of the models, or better.
    assert {len(made.answers or []) for made in _made(chosen, Stage.BASELINE)} == {24}
    assert (len(chosen.rows.learn), len(chosen.rows.judge_rows), len(chosen.rows.test)) == (72, 24, 24)


def test_a_candidate_that_cannot_be_opened_is_a_result(chosen: Choice, broken: Path) -> None:
    failed = [made for made in chosen.measured if made.candidate == str(broken)]
    assert [made.status for made in failed] == [Status.FAILED]
    assert failed[0].reason


def test_halving_runs_the_better_one_twice_as_long(chosen: Choice) -> None:
    epochs = sorted(float(made.details["epochs"]) for made in _made(chosen, Stage.RUN))
    assert epochs == [1.0, 1.0, 2.0]


def test_all_trials_are_in_the_ledger_and_runs_never_see_the_test_rows(chosen: Choice) -> None:
    trials, _ = read_trials(chosen.folder.parent / "trials.jsonl")
    tried = [Stage.FEATURES, Stage.ZERO_SHOT, Stage.RUN, Stage.SEEDS]
    made = [one for stage in tried for one in _made(chosen, stage)]
    *trials, kept = trials  # the recipe of the recommended one
    assert [trial.method for trial in trials] == [one.method for one in made]
    values = [(trial.metrics or {})["accuracy"]["value"] for trial in trials]
    assert values == pytest.approx([one.value for one in made])
    assert (kept.metrics or {})["accuracy"]["value"] == pytest.approx(chosen.on_test and chosen.on_test.value)
    run = chosen.folder / _made(chosen, Stage.RUN)[0].details["run"]
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["splits"]["test"]["rows"] == 24


def test_the_recommended_one_is_measured_on_the_test_rows(chosen: Choice) -> None:
    assert chosen.on_test is not None
    assert chosen.on_test.rows == 24
    assert chosen.on_test.value is not None


def test_each_recipe_of_the_front_loads_and_runs_as_it_is(chosen: Choice, tmp_path: Path) -> None:
    paths = chosen.recipes.paths
    assert len(paths) == len(chosen.decision.front) >= 1
    recommended = chosen.recipes.of(chosen.decision.recommended)
    assert recommended is not None
    run = fine_tune(load_recipe(recommended), name="r", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert run.result.splits["test"].rows == 24
    assert run.result.splits["validation"].rows == 24
    assert chosen.on_test is not None  # the figure of the page is what the recipe gives
    assert run.result.splits["test"].metrics["accuracy"].value == pytest.approx(chosen.on_test.value)


def test_the_recommended_model_is_there(chosen: Choice) -> None:
    assert chosen.run is not None
    assert (chosen.run / "model" / "config.json").is_file()
    metrics = json.loads((chosen.run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["splits"]["test"]["rows"] == 24
    assert any(f"toolkit predict {chosen.run}" in line for line in choice_lines(chosen))


def test_a_recipe_has_nothing_empty(chosen: Choice) -> None:
    for path in chosen.recipes.paths:
        assert "null" not in path.read_text(encoding="utf-8")


def test_no_row_is_answered_by_what_has_learnt_from_it(chosen: Choice) -> None:
    rows = chosen.rows
    judged = [*rows.judge_rows["id"], *(rows.learn["id"][int(row)] for fold in rows.folds for row in fold)]
    assert rows.judged["id"] == judged
    assert sorted(judged) == sorted({*rows.learn["id"], *rows.judge_rows["id"]})
    assert not set(judged) & set(rows.test["id"])
    for fold, held in enumerate(rows.folds):
        assert [judged[place] for place in rows.of_fold(fold)] == [rows.learn["id"][int(row)] for row in held]
        assert not set(rows.joined(fold)["id"]) & {rows.learn["id"][int(row)] for row in held}


def test_page_and_lines_tell_the_same(chosen: Choice) -> None:
    recommended = chosen.decision.recommended
    assert recommended is not None
    page = (chosen.folder / "choose.html").read_text(encoding="utf-8")
    assert "Recommended:" in page
    assert "<script" not in page
    assert '<svg class="quality"' in page
    assert any(recommended.name in line for line in choice_lines(chosen))
    told = json.loads(json.dumps(choice_json(chosen), allow_nan=False))
    assert told["recommended"]["model"] == recommended.candidate
    assert Path(told["recommended"]["recipe"]).is_file()
    assert {one["stage"] for one in told["candidates"]} >= {"zero-shot", "features", "run"}
    assert [one["model"] for one in told["baselines"]] == ["majority", "tfidf-logistic"]


def test_the_same_choice_goes_on_where_it_was(chosen: Choice, tiny_bert: Path, short_or_long: Path) -> None:
    before = (chosen.folder / FILE).read_text(encoding="utf-8")
    again = choose(
        LABELS,
        {"source": str(short_or_long), "max_length": 32},
        models=[str(tiny_bert)],
        budget=Budget(900.0),
        output_dir=chosen.folder,
        ledger=chosen.folder.parent / "again.jsonl",
    )
    assert not (chosen.folder.parent / "again.jsonl").exists()
    assert (chosen.folder / FILE).read_text(encoding="utf-8") == before
    assert again.decision.recommended == chosen.decision.recommended


def test_a_fault_on_the_way_is_told_and_the_rest_goes_on(tiny_bert: Path, short_or_long: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".lock").touch()  # a choice that was interrupted
    (out / "runs").touch()  # where the folder of the runs would be
    choice = choose(
        LABELS,
        {"source": str(short_or_long), "max_length": 32},
        models=[str(tiny_bert)],
        budget=Budget(900.0),
        output_dir=out,
        ledger=tmp_path / "trials.jsonl",
    )
    trained = [made for made in choice.measured if made.stage is Stage.RUN]
    assert {made.status for made in trained} == {Status.FAILED}
    assert all(made.reason for made in trained)
    assert choice.decision.recommended is not None


def test_a_budget_too_short_for_one_candidate_says_so(tiny_bert: Path, short_or_long: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"too short for one candidate; write --budget 10s or more"):
        choose(LABELS, {"source": str(short_or_long)}, models=[str(tiny_bert)], budget=Budget(0.1), output_dir=tmp_path)


def test_several_labels_and_numbers_are_measured_too(
    tiny_bert: Path,
    short_or_long: Path,
    write_csv: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train_anyway(monkeypatch)  # for an epoch, with one seed
    with short_or_long.open(encoding="utf-8", newline="") as stream:
        texts = [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    several = write_csv([(text, f"{label};wide" if len(text) > 10 else label) for text, label in texts])
    numbers = write_csv([(text, str(len(text))) for text, _ in texts], name="numbers.csv")
    for problem, path, columns, metric in (
        (Problem.MULTI_LABEL, several, {"labels": "label"}, "f1"),
        (Problem.REGRESSION, numbers, {}, "pearson"),
    ):
        choice = choose(
            LABELS,
            {"source": str(path), "columns": columns, "max_length": 32},
            problem=problem,
            models=[str(tiny_bert)],
            budget=Budget(900.0),
            output_dir=tmp_path / metric,
            ledger=tmp_path / "trials.jsonl",
        )
        assert choice.rows.judge.metric == metric
        assert choice.decision.recommended is not None
        assert choice.on_test is not None
        assert choice.on_test.value is not None
        trained = _made(choice, Stage.RUN)
        assert {made.method for made in trained} == {"full", "lora"}
        for made in trained:  # what was read from the run's files is what the run itself has measured
            metrics = json.loads((choice.folder / made.details["run"] / "metrics.json").read_text(encoding="utf-8"))
            assert metrics["splits"]["test"]["metrics"][metric]["value"] == pytest.approx(made.value, abs=1e-6)


def test_one_class_is_refused(write_csv: Callable[..., Path], tiny_bert: Path, tmp_path: Path) -> None:
    path = write_csv([(f"text number {row}", "same") for row in range(40)])
    with pytest.raises(DataError, match="two classes"):
        choose(LABELS, {"source": str(path)}, models=[str(tiny_bert)], budget=Budget(20.0), output_dir=tmp_path)


def test_a_task_that_is_only_explained_is_refused_with_those_that_are_measured(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="text-classification"):
        choose(Task.FILL_MASK, {"source": "x.txt"}, budget=Budget(20.0), output_dir=tmp_path)


def test_one_process_at_a_time_chooses_in_a_folder(tiny_bert: Path, short_or_long: Path, tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(tmp_path / ".lock"), pytest.raises(ResourceError, match="another process"):
        choose(
            LABELS, {"source": str(short_or_long)}, models=[str(tiny_bert)], budget=Budget(20.0), output_dir=tmp_path
        )


@pytest.mark.usefixtures("no_runs")
def test_the_same_rows_as_another_problem_are_measured_anew(
    tiny_bert: Path, sentences: list[tuple[str, str]], write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_csv([(text, str(len(text) % 3)) for text, _ in sentences[:100]])
    choices = [
        choose(
            LABELS,
            {"source": str(path), "max_length": 32},
            problem=problem,
            models=[str(tiny_bert)],
            budget=Budget(900.0),
            output_dir=tmp_path / "out",
            ledger=tmp_path / "trials.jsonl",
        )
        for problem in (None, Problem.REGRESSION)
    ]
    classes, numbers = (_made(choice, Stage.FEATURES)[0].answers or [] for choice in choices)
    assert all(isinstance(answer, int) for answer in classes)
    assert all(isinstance(answer, float) for answer in numbers)


@pytest.mark.usefixtures("no_runs")
def test_a_choice_that_was_interrupted_goes_on_and_what_is_not_its_own_stays(
    tiny_bert: Path, short_or_long: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def go() -> Choice:
        return choose(
            LABELS,
            {"source": str(short_or_long), "max_length": 32},
            models=[str(tiny_bert)],
            budget=Budget(900.0),
            output_dir=out,
            ledger=tmp_path / "trials.jsonl",
        )

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stages, "measure_zero_shot", interrupted)
        with pytest.raises(KeyboardInterrupt):
            go()
    before = [json.loads(line)["stage"] for line in (out / FILE).read_text(encoding="utf-8").splitlines()]
    assert before == ["features"]
    (out / "recipes").mkdir()
    (out / "recipes" / "mine.yaml").write_text("# my own\n", encoding="utf-8")
    choice = go()
    tried = [trial.method for trial in read_trials(tmp_path / "trials.jsonl")[0]]
    assert sorted(map(str, tried)) == ["features", "features", "zero-shot"]  # measured, and kept
    assert choice.decision.recommended is not None
    assert (out / "recipes" / "mine.yaml").is_file()


def test_an_error_on_the_test_rows_costs_no_page(chosen: Choice, tmp_path: Path) -> None:
    work = Work(
        rows=chosen.rows,
        budget=Budget(900.0),
        notebook=Notebook(tmp_path, data="d"),
        folder=tmp_path,  # without the runs
        ledger=tmp_path / "trials.jsonl",
    )
    candidate = Candidate("gone", located=LocatedModel("gone", tmp_path / "gone"))
    for made in (_made(chosen, Stage.FEATURES)[0], _made(chosen, Stage.RUN)[0]):
        choice = replace(chosen, on_test=measure_on_test(work, candidate, made))
        assert choice.on_test is not None
        assert choice.on_test.reason
        assert f"The test rows were not measured: {choice.on_test.reason}." in choice_lines(choice)


def test_a_folder_with_other_files_is_refused(tiny_bert: Path, short_or_long: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("Chapter 1", encoding="utf-8")
    with pytest.raises(ResourceError, match="not empty; give another --output-dir"):
        choose(
            LABELS, {"source": str(short_or_long)}, models=[str(tiny_bert)], budget=Budget(20.0), output_dir=tmp_path
        )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("task", [Task.TEXT_GENERATION, Task.SUMMARIZATION])
def test_tasks_whose_answer_is_a_text_are_scored_and_trained(
    task: Task,
    write_csv: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "LONGEST", 1.0)
    monkeypatch.setattr(runs, "SEEDS", 1)
    adjectives = [word for word in WORDS.split() if word.isascii() and word.isalpha()]
    texts = [f"the film is {' '.join(of_text)}" for of_text in itertools.product(adjectives, repeat=2)][:60]
    if answers := task is Task.SUMMARIZATION:
        rows = [(text, " ".join(reversed(text.split()))) for text in texts]
        path = write_csv([*rows, *[("the film", " ")] * 30], header=("source", "target"))
    else:
        path = write_csv([(text,) for text in texts], header=("text",))
    pretrained_one = pretrained("bart" if answers else "gpt2", tmp_path / "model")
    choice = choose(
        task,
        {"source": str(path)},
        models=[str(pretrained_one), "scratch"],
        budget=Budget(900.0),
        output_dir=tmp_path / "out",
        ledger=tmp_path / "trials.jsonl",
    )
    assert choice.rows.judge.metric == "bits_per_character"
    (scored,) = _made(choice, Stage.ZERO_SHOT)
    trained = _made(choice, Stage.RUN)
    assert {(made.candidate, made.method) for made in trained} == {
        (str(pretrained_one), "full"),
        (str(pretrained_one), "lora"),
        ("scratch", "scratch"),
    }
    assert scored.method == "zero-shot"
    assert all(0 < (made.value or 0.0) < 20 for made in (scored, *trained))
    if answers:
        # The same words in another order are as good by ROUGE-1 as can be.
        assert choice.written is not None
        assert choice.decision.writer == choice.written.best_baseline
        assert (choice.decision.recommended, choice.recipes.paths) == (None, ())
        names = {"first-sentences": "First sentences of the source", "copy-source": "Copy of the source"}
        said = f"Recommended: the free baseline {names[choice.decision.writer]}. No model is shown to write better."
        assert said in choice_lines(choice)
        assert "blank target, left out of the validation split" in caplog.text
        told = choice_json(choice)
        assert told["recommended"] is None
        written = told["written"]
        assert (written["metric"], written["rows"]) == ("rouge1", len(choice.rows.judge_rows))
        assert set(written["baselines"]) == {"first-sentences", "copy-source", "nearest-neighbour"}
        assert written["baselines"]["copy-source"]["value"] == 1.0
        return
    # Five characters in a row are as good a model of these texts as one that has seen each of them once.
    assert (choice.decision.recommended, choice.decision.baseline, choice.recipes.paths) == (None, None, ())
    assert any("a model that counts characters finds the texts as probable" in line for line in choice_lines(choice))
    best = choice.decision.usable[0]
    decision = replace(choice.decision, front=(best,), recommended=best)
    candidates = {each.name: each for each in find_candidates([best.candidate], task=task)}
    (path,) = hand_over(decision, choice.rows, candidates, folder=tmp_path).paths
    made = fine_tune(load_recipe(path), name="r", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl").result
    assert (made.task, made.method) == (task, best.method)
    assert choice_json(choice)["written"] is None
