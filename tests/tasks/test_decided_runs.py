"""Runs whose validation rows choose what follows from probabilities: kept with the model, and obeyed by every verb."""

from __future__ import annotations

import csv
import json
import logging
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from report_page import Page
from sklearn.metrics import f1_score
from transformers import pipeline

import toolkit
from toolkit.cli.main import run as command
from toolkit.errors import IntegrityError, RecipeError
from toolkit.hub.card.check import check_card
from toolkit.hub.card.render import render_card
from toolkit.recipe import build_recipe, load_recipe, recipe_yaml
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.trials.finished import FinishedRun
from toolkit.workflow.apply import evaluate, predict
from toolkit.workflow.export import export
from toolkit.workflow.export_formats import Format
from toolkit.workflow.fine_tune import fine_tune
from toolkit.workflow.verify import verify

PLACES = ("the harbour", "a small town", "그 마을", "an old film", "the night train")


def write_rows(folder: Path) -> dict[str, str]:
    """Write a file a split: two classes that a word tells, and for two rows in five nothing does."""
    drawn = random.Random(0)
    paths = {}
    for split, n in (("train", 200), ("validation", 250), ("test", 150)):
        rows = []
        for i in range(n):
            label, unsure = drawn.choice(["good", "bad"]), i % 5 < 2
            said = "nobody knows" if unsure else ("wonderful wonderful" if label == "good" else "rain rain rain")
            labels = [*([label] if not unsure else []), *(["doubt"] if unsure and drawn.random() < 0.4 else [])]
            rows.append(
                {"text": f"{said} {drawn.choice(PLACES)} {drawn.randrange(10**6)}", "label": label, "labels": labels}
            )
        paths[split] = str(folder / f"{split}.jsonl")
        Path(paths[split]).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def made(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FinishedRun]:
    """Makes runs of the tiny BERT, each once."""
    home = tmp_path_factory.mktemp("decided")
    data = write_rows(home)
    runs: dict[str, FinishedRun] = {}

    def make(method: str = "features", *, columns: str = "label", **evaluation: Any) -> FinishedRun:
        name = "-".join([method, columns, *(f"{key}-{value}" for key, value in evaluation.items())])
        if name not in runs:
            tree: dict[str, Any] = {
                "task": "text-classification",
                "model": {"name": str(tiny_bert)},
                "data": {**data, "columns": {"text": "text", columns: columns}, "max_length": 16},
                "method": method,
                "evaluation": evaluation,
            }
            if method in ("full", "lora"):
                tree["training"] = {"learning_rate": 1e-2, "num_train_epochs": 4, "bf16": False, "warmup_steps": 0}
                tree["training"] |= {"per_device_train_batch_size": 25}
            if method == "zero-shot":
                tree["zero_shot"] = {"scorer": "similarity"}
            recipe = build_recipe(tree)
            runs[name] = fine_tune(recipe, name=name, output_dir=home / name, ledger=home / "trials.jsonl")
        return runs[name]

    return make


def kept(run: FinishedRun) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(run.folder / "predictions.parquet").to_pylist()
    return rows


def config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


@pytest.mark.parametrize("method", ["features", "full", "lora"])
def test_a_run_that_abstains(
    made: Callable[..., FinishedRun], method: str, quick_processes: None, capsys: pytest.CaptureFixture[str]
):
    run = made(method, abstain=0.8)
    found, test = run.result.decision, run.result.test.details["abstention"]
    assert found is not None
    below = found["abstain_below"]
    assert 0.5 < below < 1
    assert (found["abstain"], found["rows"]) == (0.8, 250)
    assert found["precision_at_least"] >= 0.8
    assert config_of(run.folder / "model")["abstain_below"] == below
    rows = kept(run)
    answered = [row for row in rows if row["prediction"] is not None]
    assert 0 < len(answered) < len(rows)
    assert [row["decision"] for row in rows] == [
        "answered" if row["probability"] >= below else "none of these" for row in rows
    ]
    assert all((row["prediction"] is None) == (row["decision"] == "none of these") for row in rows)
    assert (test["answered"], test["abstain_below"]) == (len(answered), below)
    assert test["precision"]["value"] == sum(row["prediction"] == row["reference"] for row in answered) / len(answered)
    assert test["precision"]["value"] > run.result.test.metrics["accuracy"].value
    assert method == "full" or verify(str(run.folder)).passed  # a process of its own takes seconds
    golden = json.loads((run.folder / "golden.json").read_text(encoding="utf-8"))
    assert {row["prediction"] is None for row in golden["rows"]} == {True, False}

    again = evaluate(str(run.folder), [str(run.folder.parent / "test.jsonl")])
    assert again.test.details["abstention"] == test
    assert predict(str(run.folder), [row["text"] for row in rows[:20]]).answers.columns()["prediction"] == [
        row["prediction"] for row in rows[:20]
    ]
    unsure = next(row["text"] for row in rows if row["prediction"] is None)
    assert command(["predict", str(run.folder), unsure]) == 0
    assert "none of these" in capsys.readouterr().out


def test_it_is_told_and_written_in_every_format(made: Callable[..., FinishedRun], tmp_path: Path):
    run = made("features", abstain=0.8)
    inputs = [str(run.folder.parent / "test.jsonl")]
    for suffix in ("csv", "jsonl", "parquet"):
        predict(str(run.folder), inputs, output=tmp_path / f"rows.{suffix}")
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as stream:
        cells = list(csv.DictReader(stream))
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert parquet.read_table(tmp_path / "rows.parquet").to_pylist() == lines
    for cell, line in zip(cells, lines, strict=True):
        assert (cell["prediction"] or None, cell["decision"]) == (line["prediction"], line["decision"])
        assert float(cell["probability"]) == line["probability"]
    in_python = toolkit.predict(run.folder, [lines[0]["text"], lines[1]["text"]])
    assert [row["prediction"] for row in in_python] == [line["prediction"] for line in lines[:2]]
    page = " ".join(Page((run.folder / "report.html").read_text(encoding="utf-8")).text.split())
    result = RunResult.read(run.folder / "metrics.json")
    test = result.test.details["abstention"]
    for told in ("None of these", "Asked for: a precision of 0.8", f"coverage {test['coverage']['value']:.3f}"):
        assert told in page
    card = (run.folder / "README.md").read_text(encoding="utf-8")
    recipe = load_recipe(run.folder / "recipe.yaml")
    korean = render_card(result, recipe, recipe_yaml=recipe_yaml(recipe), language="ko")
    for text in (card, korean):
        assert check_card(text) == ()
        assert f"{test['precision']['value']:.3f}" in text
        assert "`abstain_below`" in text
    assert "texts that none of its labels fits: it gives them one all the same" not in card


def test_the_lines_of_the_card_withhold_the_same_answers(made: Callable[..., FinishedRun], tmp_path: Path):
    """Plain transformers, in a process that has no toolkit."""
    run = made("full", abstain=0.8)
    rows, example = kept(run), run.result.example
    assert example is not None
    assert example.output == ("none of these" if rows[0]["prediction"] is None else example.output)
    code = example.code.replace("RUN/model", str(run.folder / "model"))
    (asked,) = [line for line in code.splitlines() if line.startswith("text = ")]
    before, after = code.split(asked)
    lines = "".join(f"    {line}\n" for line in after.strip().splitlines())
    script = tmp_path / "ask.py"
    texts = [row["text"] for row in rows[:25]]
    script.write_text(f"import sys\nsys.modules['toolkit'] = None\n{before}\nfor text in {texts!r}:\n{lines}", "utf-8")
    told = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, check=True)
    said = told.stdout.strip().splitlines()
    assert [line == "none of these" for line in said] == [row["prediction"] is None for row in rows[:25]]
    for row, line in zip(rows[:25], said, strict=True):
        assert row["prediction"] is None or repr(row["prediction"]) in line


def test_the_demo_withholds_the_same_answers(made: Callable[..., FinishedRun]):
    run = made("full", abstain=0.8)
    demo = room_of(run.result.task).pages.demo(run.result, load_recipe(run.folder / "recipe.yaml"))
    body = "".join(f"    {line}\n" for line in demo.lines).replace("{row}", "text")
    names: dict[str, Any] = {"pipe": pipeline("text-classification", str(run.folder / "model"))}
    exec(f"def answer(text):\n{body}", names)
    for row in kept(run)[:15]:
        said = names["answer"](row["text"])
        assert (said == "none of these") == (row["prediction"] is None)
        assert said == "none of these" or max(said, key=said.__getitem__) == row["prediction"]


def test_it_travels_with_adapters_and_exports(made: Callable[..., FinishedRun], tmp_path: Path):
    run = made("lora", abstain=0.8)
    assert run.result.decision is not None
    below = run.result.decision["abstain_below"]
    assert config_of(run.folder / "adapter")["abstain_below"] == below
    export(str(run.folder), form=Format.MERGED, output_dir=tmp_path / "merged")
    assert "`abstain_below`" in (tmp_path / "merged" / "README.md").read_text(encoding="utf-8")
    assert config_of(tmp_path / "merged")["abstain_below"] == below
    rows = kept(run)[:20]
    for model in (run.folder / "adapter", tmp_path / "merged"):
        said = predict(str(model), [row["text"] for row in rows]).answers.columns()["prediction"]
        assert said == [row["prediction"] for row in rows]


@pytest.mark.parametrize(("method", "columns"), [("features", "label"), ("full", "label"), ("lora", "labels")])
def test_a_run_that_is_calibrated(
    made: Callable[..., FinishedRun], method: str, columns: str, quick_processes: None, tmp_path: Path
):
    """The saved model has the temperature: with plain transformers too, and in every copy."""
    plain, run = made(method, columns=columns), made(method, columns=columns, calibrate=True)
    found = run.result.temperature
    assert found is not None
    assert (found["kept"], found["rows"]) == (True, 250)
    assert config_of(run.folder / "model")["head_temperature"] == found["value"]
    for name in ("brier", "nll"):
        entry = found["test"][name]
        assert entry["with"]["value"] == run.result.test.details["calibration"][name]["value"]
        assert entry["change"]["value"] == pytest.approx(entry["with"]["value"] - entry["without"]["value"], abs=1e-6)
    if method == "features":  # without the request its head learns from the validation rows as well
        assert plain.result.temperature is None
    else:
        told = plain.result.temperature
        assert (told["kept"], told["value"]) == (False, pytest.approx(found["value"], rel=1e-3))
        assert told["test"]["nll"]["with"]["value"] == pytest.approx(found["test"]["nll"]["with"]["value"], rel=1e-3)
        assert [row["prediction"] for row in kept(plain)] == [row["prediction"] for row in kept(run)]
        assert plain.result.test.metrics == run.result.test.metrics
    assert method == "full" or verify(str(run.folder)).passed
    row = kept(run)[0]
    if method == "full":
        (said,) = pipeline("text-classification", str(run.folder / "model"))(row["text"])
        assert (said["label"], said["score"]) == (row["prediction"], pytest.approx(row["probability"], abs=1e-5))
    if method == "lora":
        merged = tmp_path / "merged"
        export(str(run.folder), form=Format.MERGED, output_dir=merged)
        for model in (run.folder / "adapter", merged):
            again = predict(str(model), [row["text"]]).answers.columns()
            assert again["probability"] == [pytest.approx(row["probability"], abs=1e-5)]


def test_few_rows_choose_no_temperature(
    made: Callable[..., FinishedRun], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    tree = load_recipe(made("features").folder / "recipe.yaml").model_dump(mode="json", serialize_as_any=True)
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(Path(tree["data"]["validation"]).read_text(encoding="utf-8").splitlines()[:40]), "utf-8")
    changed = {key: tree[key] for key in ("task", "model", "method")}
    changed |= {"data": {**tree["data"], "validation": str(few)}, "evaluation": {"calibrate": True}}
    run = fine_tune(build_recipe(changed), name="few", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert run.result.temperature == {
        "value": None, "rows": 40, "kept": False, "reason": "fewer than 50 validation rows"
    }  # fmt: skip
    assert "no temperature is chosen (fewer than 50 validation rows)" in caplog.text
    assert "head_temperature" not in config_of(run.folder / "model")


def test_a_model_that_learns_anew_forgets_it(made: Callable[..., FinishedRun], tmp_path: Path):
    base = made("full", abstain=0.8).folder / "model"
    tree = load_recipe(base.parent / "recipe.yaml").model_dump(mode="json", serialize_as_any=True)
    changed = {key: value for key, value in tree.items() if key in ("task", "data", "method")}
    changed |= {"model": {"name": str(base)}, "training": {"max_steps": 1, "bf16": False}}
    run = fine_tune(build_recipe(changed), name="anew", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert "abstain_below" not in config_of(run.folder / "model")
    assert "decision" not in kept(run)[0]
    assert "decision" not in json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))


def test_verify_finds_another_threshold(made: Callable[..., FinishedRun], tmp_path: Path, quick_processes: None):
    run, folder = made("features", abstain=0.8).folder, tmp_path / "model"
    shutil.copytree(run / "model", folder)  # without its run, whose digests would tell that a file changed
    shutil.copy(run / "golden.json", folder)
    assert verify(str(folder)).passed
    config = config_of(folder)
    (folder / "config.json").write_text(json.dumps({**config, "abstain_below": 0.9999}), encoding="utf-8")
    assert not verify(str(folder)).passed
    damages: list[dict[str, Any]] = [{"abstain_below": "0.7"}, {"abstain_below": -1}]
    damages += [{"label_thresholds": value} for value in ([0.5], 1, [None, 0.5])]
    for damage in damages:
        (folder / "config.json").write_text(json.dumps({**config, **damage}), encoding="utf-8")
        with pytest.raises(IntegrityError, match=next(iter(damage))):
            predict(str(folder), ["a text"])


def test_a_precision_that_is_not_shown_answers_nothing(
    made: Callable[..., FinishedRun], caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING, logger="toolkit"):
        run = made("zero-shot", abstain=0.9)
    assert any("so the model answers nothing" in line for line in caplog.messages)
    assert {row["prediction"] for row in kept(run)} == {None}
    assert run.result.test.details["abstention"]["answered"] == 0
    assert run.result.test.metrics["accuracy"].value is not None
    said = predict(str(run.folder), ["a text"]).rows()
    assert (said[0]["prediction"], said[0]["decision"]) == (None, "none of these")


def test_a_pretrained_model_that_is_asked_abstains_too(made: Callable[..., FinishedRun]):
    run = made("zero-shot", abstain=0.3)
    assert run.result.decision is not None
    assert run.result.decision["rows"] == 250
    rows = kept(run)[:10]
    said = predict(str(run.folder), [row["text"] for row in rows]).rows()
    assert [row["prediction"] for row in said] == [row["prediction"] for row in rows]


def test_thresholds_of_several_labels(made: Callable[..., FinishedRun], quick_processes: None):
    run = made("features", columns="labels", threshold="f1")
    found = run.result.decision
    assert found is not None
    values = found["label_thresholds"]
    assert found["gain"]["ci95"][0] > 0
    assert config_of(run.folder / "model")["label_thresholds"] == values
    labels, rows = run.result.labels, kept(run)
    given = [[row[f"probability:{name}"] >= least for name, least in zip(labels, values, strict=True)] for row in rows]
    assert [row["prediction"] for row in rows] == [
        ", ".join(name for name, has in zip(labels, each, strict=True) if has) for each in given
    ]
    truth = [[name in (row["reference"] or "").split(", ") for name in labels] for row in rows]
    assert run.result.test.metrics["f1"].value == pytest.approx(f1_score(truth, given, average="macro"))
    assert verify(str(run.folder)).passed
    example = run.result.example
    assert example is not None
    shown = [name for name, has in zip(labels, given[0], strict=True) if has]
    assert sorted(eval(example.output or "[]")) == sorted(shown)
    assert "`label_thresholds`" in (run.folder / "README.md").read_text(encoding="utf-8")
    assert "Thresholds" in (run.folder / "report.html").read_text(encoding="utf-8")


def test_a_threshold_of_two_classes_that_does_not_help_is_left_out(
    made: Callable[..., FinishedRun], caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING, logger="toolkit"):
        run = made("features", threshold="accuracy")
    assert any("is not shown to help" in line and "stays at 0.5" in line for line in caplog.messages)
    assert run.result.decision is not None
    assert run.result.decision["label_thresholds"] is None
    assert "label_thresholds" not in config_of(run.folder / "model")


@pytest.mark.parametrize(
    ("columns", "evaluation", "fault"),
    [
        ("label", {"abstain": 0.999}, "250 validation rows cannot show a precision of 0.999.*at most 0.98"),
        ("labels", {"abstain": 0.9}, "an answer is withheld where a text has one class"),
        ("labels", {"threshold": "accuracy"}, "no threshold of .* is chosen for 'accuracy'"),
        ("label", {"threshold": "f1", "abstain": 0.9}, "keep one of them"),
        ("label", {"abstain": 1.0}, "above 0 and below 1"),
        ("label", {"threshold": "recall"}, "allowed: f1"),
    ],
)
def test_what_cannot_be_chosen_is_refused_before_any_work(
    made: Callable[..., FinishedRun], columns: str, evaluation: dict[str, Any], fault: str
):
    with pytest.raises(RecipeError, match=fault):
        made("features", columns=columns, **evaluation)


def test_more_than_two_classes_have_no_threshold(made: Callable[..., FinishedRun], tmp_path: Path):
    tree = load_recipe(made("features", abstain=0.8).folder / "recipe.yaml").model_dump(
        mode="json", serialize_as_any=True
    )
    rows = [{"text": f"text {i}", "label": str(i % 3)} for i in range(90)]
    source = tmp_path / "rows.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recipe = build_recipe(
        {
            **{key: tree[key] for key in ("task", "method")},
            "model": {"name": tree["model"]["name"]},
            "data": {"source": str(source)},
            "evaluation": {"threshold": "f1"},
        }
    )
    with pytest.raises(RecipeError, match="these are 3 classes"):
        fine_tune(recipe, name="three", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
