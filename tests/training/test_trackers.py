"""`training.report_to`: every scalar of a finished run is found by the trackers' own readers, also after a stop."""

from __future__ import annotations

import copy
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from tracked import Scalars, logged, tensorboard_holds
from transformers import TrainerCallback

from toolkit.errors import ResourceError
from toolkit.interrupt import Interrupted
from toolkit.recipe import Recipe, build_recipe
from toolkit.training.followers import followed_by
from toolkit.trials.finished import FinishedRun
from toolkit.workflow.fine_tune import fine_tune

pytest.importorskip("tensorboard")
pytest.importorskip("mlflow")


class _StopAt(TrainerCallback):
    """Sends this process the signal of Ctrl-C after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGINT)


def _recipe(tree: dict[str, Any], report_to: Any = ("tensorboard", "mlflow"), **changes: Any) -> Recipe:
    tree = copy.deepcopy(tree) | changes
    tree["training"] |= {"num_train_epochs": 2, "report_to": list(report_to)}
    if tree["method"] in ("features", "zero-shot"):
        tree["training"] = {"report_to": list(report_to)}
    return build_recipe(tree)


def _run(recipe: Recipe, folder: Path) -> FinishedRun:
    return fine_tune(recipe, name="tiny", output_dir=folder, ledger=folder.with_suffix(".jsonl"))


def _mlflow(run: Path) -> Scalars:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{run / 'trackers' / 'mlflow.db'}")
    (only,) = client.search_runs(["0"])  # one run, however often the training was interrupted
    assert only.info.status == "FINISHED"
    assert only.info.run_name == run.name
    names = only.data.metrics
    return {name: {m.step: m.value for m in client.get_metric_history(only.info.run_id, name)} for name in names}


def _expected(finished: FinishedRun) -> Scalars:
    """What the run itself wrote down: its log, its curve, and what was measured on the test rows."""
    steps = finished.result.training.steps
    return logged(finished.folder) | {
        f"test_{name}": {steps: it.value} for name, it in finished.result.test.metrics.items()
    }


def test_a_stopped_training_goes_on_in_the_same_tracker_run(tiny_tree: dict[str, Any], tmp_path: Path):
    recipe, folder = _recipe(tiny_tree), tmp_path / "run"
    with pytest.raises(Interrupted), followed_by([_StopAt(4)]):
        _run(recipe, folder)
    finished = _run(recipe, folder)
    expected = _expected(finished)
    assert set(expected["loss"]) == {1, 2, 3, 4, 5, 6}
    assert {"eval_loss", "eval_accuracy", "test_accuracy", "test_f1"} <= set(expected)
    tensorboard_holds(finished.folder, expected)
    by_mlflow = _mlflow(folder)
    assert {name: by_mlflow[name] for name in expected} == {n: pytest.approx(v) for n, v in expected.items()}
    assert not {name for name in os.environ if name.startswith(("MLFLOW_", "WANDB_", "TRACKIO_", "TENSORBOARD_"))}
    plain = _run(_recipe(tiny_tree, report_to=["none"]), tmp_path / "plain")
    weights, without = (load_file(run.folder / "model" / "model.safetensors") for run in (finished, plain))
    assert all(weights[name].equal(without[name]) for name in weights)
    assert not (plain.folder / "trackers").exists()


@pytest.mark.parametrize("method", ["features", "zero-shot"])
def test_what_has_no_trainer_is_reported_too(method: str, tiny_tree: dict[str, Any], tmp_path: Path):
    finished = _run(_recipe(tiny_tree, report_to=["tensorboard"], method=method), tmp_path / "run")
    expected = {name: values for name, values in _expected(finished).items() if name.startswith("test_")}
    lines = [json.loads(line) for line in (finished.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    if method == "features":
        expected["eval_loss"] = {number: line["validation_loss"] for number, line in enumerate(lines, start=1)}
    tensorboard_holds(finished.folder, expected)


def test_a_tracker_that_cannot_be_opened_is_one_line(
    tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    taken = tmp_path / "taken"
    taken.touch()
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(taken / "below"))
    with pytest.raises(ResourceError, match=r"the tracker tensorboard cannot be opened: .*take it out of training"):
        _run(_recipe(tiny_tree, report_to=["tensorboard"], method="features"), tmp_path / "run")
    assert not (tmp_path / "run.unfinished").exists()
