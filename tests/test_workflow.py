"""The whole story on the tiny BERT: what a run leaves, that it repeats itself, and what follows from it."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from crash_worker import start, wait_for_lines
from limits import write_recipe
from safetensors.torch import load_file, save_file
from sklearn.metrics import accuracy_score, f1_score

from toolkit.errors import DivergedError, HubError, IntegrityError, RecipeError, ResourceError, ToolkitError
from toolkit.hub.card.refresh import card_of
from toolkit.recipe import Recipe, build_recipe, load_recipe, recipe_digest, recipe_yaml
from toolkit.trials.finished import FinishedRun, read_run
from toolkit.trials.ledger import read_trials
from toolkit.workflow.apply import predict
from toolkit.workflow.fine_tune import fine_tune, fine_tune_over_seeds


def _recipe(tree: dict[str, Any], **changes: Any) -> Recipe:
    tree = copy.deepcopy(tree)
    tree["training"] |= {"num_train_epochs": 2, **changes.pop("training", {})}
    return build_recipe(tree | changes)


def _same(first: Path, second: Path) -> None:
    """Bit for bit, but for what it cost and which trial it was."""
    one, other = (load_file(run / "model" / "model.safetensors") for run in (first, second))
    assert [name for name in one if not one[name].equal(other[name])] == []
    numbers = [json.loads((run / "metrics.json").read_text(encoding="utf-8")) for run in (first, second)]
    assert {**numbers[0], "cost": None} == {**numbers[1], "cost": None}
    rows = [parquet.read_table(run / "predictions.parquet") for run in (first, second)]
    assert rows[0].equals(rows[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workflow")


@pytest.fixture(scope="module")
def run(tiny_tree: dict[str, Any], folder: Path) -> FinishedRun:
    return fine_tune(_recipe(tiny_tree), name="tiny", output_dir=folder / "run", ledger=folder / "trials.jsonl")


def test_the_numbers_are_those_of_the_predictions(run: FinishedRun):
    rows = parquet.read_table(run.folder / "predictions.parquet").to_pylist()
    assert list(rows[0]) == ["id", "text", "reference", "prediction", "probability"]
    references, predictions = zip(*((row["reference"], row["prediction"]) for row in rows), strict=True)
    metrics = run.result.test.to_json()["metrics"]
    assert metrics["accuracy"]["value"] == pytest.approx(accuracy_score(references, predictions))
    labels = run.result.labels
    f1 = f1_score(references, predictions, labels=labels, average="macro", zero_division=0)
    assert metrics["f1"]["value"] == pytest.approx(f1)
    for entry in metrics.values():
        assert entry["ci95"][0] <= entry["value"] <= entry["ci95"][1]
    for baseline in run.result.baselines.values():
        for name, paired in baseline.differences.items():
            assert paired.value == pytest.approx(metrics[name]["value"] - baseline.metrics[name].value)
            assert paired.low <= paired.value <= paired.high
        assert baseline.differences.keys() == metrics.keys()
    assert run.result.baselines["majority"].metrics["accuracy"].value == pytest.approx(0.5, abs=0.02)


def test_the_run_folder_is_complete(run: FinishedRun, tiny_tree: dict[str, Any]):
    again = load_recipe(run.folder / "recipe.yaml")
    assert recipe_digest(again) == recipe_digest(_recipe(tiny_tree))
    trial = json.loads((run.folder / "trial.json").read_text(encoding="utf-8"))
    ledger, warnings = read_trials(run.folder.parent / "trials.jsonl")
    assert warnings == []
    assert ledger[0].id == trial["id"]
    status = "done" if run.result.degenerate is None else "degenerate"
    assert (ledger[0].status, ledger[0].metrics) == (status, run.result.test.to_json()["metrics"])
    assert not list(run.folder.rglob("*.bin"))
    assert not (run.folder / "checkpoints").exists()
    assert "30 test rows" in (run.folder / "report.html").read_text(encoding="utf-8")
    written = (run.folder / "metrics.json").read_text(encoding="utf-8")
    assert json.dumps(run.result.to_json(), ensure_ascii=False, indent=2) + "\n" == written
    assert read_run(run.folder).result.to_json() == run.result.to_json()
    from_folder = card_of(run.folder)
    assert from_folder == (run.folder / "README.md").read_text(encoding="utf-8")


def test_the_same_recipe_elsewhere_gives_the_same_bits(run: FinishedRun, tiny_tree: dict[str, Any], folder: Path):
    other = fine_tune(_recipe(tiny_tree), name="tiny", output_dir=folder / "other", ledger=folder / "other.jsonl")
    _same(run.folder, other.folder)


def test_finished_run_is_shown_without_training(run: FinishedRun, tiny_tree: dict[str, Any]):
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    ledger = run.folder.parent / "trials.jsonl"
    lines = ledger.read_bytes()
    again = fine_tune(_recipe(tiny_tree), name="tiny", output_dir=run.folder, ledger=ledger)
    assert again.result == run.result
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before
    assert ledger.read_bytes() == lines


def test_runs_over_seeds_are_those_of_each_seed_alone(run: FinishedRun, tiny_tree: dict[str, Any], folder: Path):
    several = fine_tune_over_seeds(
        _recipe(tiny_tree), [0, 1], name="tiny", output_dir=folder / "seeds", ledger=folder / "seeds.jsonl"
    )
    alone = fine_tune(
        _recipe(tiny_tree, seed=1), name="tiny", output_dir=folder / "alone", ledger=folder / "alone.jsonl"
    )
    _same(several.folder / "seed-0", run.folder)
    _same(several.folder / "seed-1", alone.folder)
    summary = json.loads((several.folder / "seeds.json").read_text(encoding="utf-8"))
    values = [each.result.test.metrics["accuracy"].value for each in (run, alone)]
    assert summary["metrics"]["accuracy"]["values"] == values
    assert summary["metrics"]["accuracy"]["mean"] == pytest.approx(sum(values) / 2)
    ids = [parquet.read_table(each.folder / "predictions.parquet")["id"].to_pylist() for each in (run, alone)]
    assert ids[0] == ids[1]


def test_pairs_are_read_as_pairs(tiny_tree: dict[str, Any], folder: Path, sentences, write_csv):
    """The label says whether both texts are the same: with the second one left out nothing could be predicted."""
    texts = [text for text, _ in sentences[:80]]
    rows = [(text, texts[i if i % 2 else i - 1], "same" if i % 2 else "other") for i, text in enumerate(texts)]
    data = write_csv(rows, header=("first", "second", "verdict"))
    columns = {"text": "first", "text_pair": "second", "label": "verdict"}
    tree = tiny_tree | {"data": {"source": str(data), "columns": columns, "test_size": 20, "max_length": 48}}
    pairs = fine_tune(_recipe(tree), name="pairs", output_dir=folder / "pairs", ledger=folder / "pairs.jsonl")
    one = write_csv([(texts[0], texts[1], "")], name="one.csv", header=("first", "second", "verdict"))
    other = write_csv([(texts[0], texts[2], "")], name="other.csv", header=("first", "second", "verdict"))
    first, second = (predict(str(pairs.folder), [str(path)]).answers for path in (one, other))
    assert first.texts == second.texts
    assert first.confidence[0] != second.confidence[0]
    with pytest.raises(RecipeError, match="pairs of texts; give a file with the columns 'first' and 'second'"):
        predict(str(pairs.folder), ["a text"])


def test_failure_is_a_trial_and_leaves_no_folder(tiny_tree: dict[str, Any], tmp_path: Path):
    model = Path(shutil.copytree(tiny_tree["model"]["name"], tmp_path / "model"))
    (model / "model.safetensors").write_bytes(b"")
    recipe = _recipe(tiny_tree, model={"name": str(model)}, note="shall fail")
    with pytest.raises(IntegrityError):
        fine_tune(recipe, name="tiny", output_dir=tmp_path / "a" / "run", ledger=tmp_path / "trials.jsonl")
    (trial,), _ = read_trials(tmp_path / "trials.jsonl")
    assert (trial.status, trial.error["code"], trial.note, trial.metrics) == ("failed", 7, "shall fail", None)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("changes", "kind", "status"),
    [
        ({"method": "lora", "peft": {"target_modules": ["nowhere"]}}, RecipeError, "refused"),
        (
            {"training": {"learning_rate": 1e38, "on_nan": "stop", "bf16": False, "max_steps": 9}},
            DivergedError,
            "diverged",
        ),
    ],
)
def test_the_ledger_tells_how_a_trial_ended(
    changes: dict[str, Any], kind: type[ToolkitError], status: str, tiny_tree: dict[str, Any], tmp_path: Path
):
    with pytest.raises(kind):
        fine_tune(
            _recipe(tiny_tree, **changes), name="t", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl"
        )
    (trial,), _ = read_trials(tmp_path / "trials.jsonl")
    assert (trial.status, trial.error["code"]) == (status, kind.exit_code)
    assert trial.settings["method"] == changes.get("method", "full")
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == ["trials.jsonl"]


def test_a_model_that_is_not_found_is_no_trial(tiny_tree: dict[str, Any], tmp_path: Path):
    recipe = _recipe(tiny_tree, model={"name": "nobody/nothing"})
    with pytest.raises(HubError):
        fine_tune(recipe, name="tiny", output_dir=tmp_path / "runs" / "run", ledger=tmp_path / "runs" / "trials.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_base_model_is_part_of_a_run(
    processes: Any, tiny_tree: dict[str, Any], tmp_path: Path, method: str, caplog: pytest.LogCaptureFixture
):
    model = Path(shutil.copytree(tiny_tree["model"]["name"], tmp_path / "model"))
    weights = model / "model.safetensors"
    changed = {**tiny_tree, "model": {"name": str(model)}, "method": method}
    file = write_recipe({**changed, "training": {**tiny_tree["training"], "save_steps": 1}}, tmp_path / "tiny.yaml")
    recipe = load_recipe(file)
    settings: dict[str, Any] = {"name": "tiny", "output_dir": tmp_path / "run", "ledger": tmp_path / "trials.jsonl"}
    process = start(processes, ["fine-tune", "tiny.yaml", "--output-dir", "run", "--ledger", "trials.jsonl"], tmp_path)
    wait_for_lines(process, tmp_path / "run.unfinished" / "log.jsonl", 3)
    os.kill(process.pid, signal.SIGINT)  # Ctrl-C
    process.join()
    assert process.exitcode == 130
    tensors = load_file(weights)
    tensors["embeddings.LayerNorm.bias"] += 1
    kept = weights.read_bytes()
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(ResourceError, match="the files of its base model differ"):
        fine_tune(recipe, **settings)
    weights.write_bytes(kept)
    before = fine_tune(recipe, **settings)
    save_file(tensors, weights, metadata={"format": "pt"})
    with caplog.at_level("WARNING"):
        again = fine_tune(recipe, **settings)
    assert again.result == before.result
    assert "is not the model that this run learnt from: its files have changed since" in caplog.text
    shutil.rmtree(model)
    assert fine_tune(recipe, **settings).result == before.result


def test_several_processes_are_refused(tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RecipeError, match="without torchrun"):
        fine_tune(_recipe(tiny_tree), name="tiny", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_what_publishing_needs_is_asked_before_training(tiny_tree: dict[str, Any], tmp_path: Path):
    recipe = _recipe(tiny_tree, hub={"repo_id": "no owner", "license": "apache-2.0"})
    with pytest.raises(HubError, match="no repository's name"):
        fine_tune(recipe, name="tiny", output_dir=tmp_path / "run", ledger=tmp_path / "trials.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_where_it_is_published_makes_no_other_run(tiny_tree: dict[str, Any]):
    named = _recipe(tiny_tree, hub={"repo_id": "you/tiny"})
    assert recipe_digest(named) == recipe_digest(_recipe(tiny_tree))
    assert "you/tiny" in recipe_yaml(named)
