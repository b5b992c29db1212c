"""Killed at random moments and started again, a run ends with the same weights and the same numbers."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from crash_worker import SAID, finish, start, wait_for_lines
from limits import write_recipe
from safetensors.torch import load_file, save_file
from tracked import logged, tensorboard_holds

sys.path.insert(0, str(Path(__file__).parents[1] / "tasks" / "token_classification"))
from tagging_models import SENTENCES

from toolkit.training.checkpoints import MARKER

KILLS = 5


@pytest.fixture
def recipe_file(tiny_tree: dict[str, Any], tmp_path: Path) -> Path:
    tree = copy.deepcopy(tiny_tree)
    tree["training"] |= {"num_train_epochs": 12, "save_steps": 1}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return path


def _outcome(run: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return load_file(run / "model" / "model.safetensors"), {
        key: metrics[key] for key in ("splits", "baselines", "training", "labels")
    }


def _kill(process: Any) -> None:
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _ended_the_same(folder: Path) -> None:
    """The run that was killed and went on has the weights and the numbers of the one that was left alone."""
    assert '"resume"' in (folder / "killed" / "log.jsonl").read_text(encoding="utf-8")
    weights, numbers = _outcome(folder / "whole")
    killed_weights, killed_numbers = _outcome(folder / "killed")
    assert killed_numbers == numbers
    assert [name for name in weights if not weights[name].equal(killed_weights[name])] == []


def test_five_kills_change_nothing(processes: Any, recipe_file: Path, tmp_path: Path):
    """Nor do they in the figures that a tracker shows."""
    tree = yaml.safe_load(recipe_file.read_text(encoding="utf-8"))
    tree["training"]["report_to"] = ["tensorboard"]
    recipe_file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    arguments = ["fine-tune", str(recipe_file), "--output-dir"]
    finish(processes, [*arguments, "whole"], tmp_path)
    seed = random.SystemRandom().randrange(2**32)
    print(f"moments drawn with seed {seed}")
    moments = random.Random(seed)
    log = tmp_path / "killed.unfinished" / "log.jsonl"
    for _ in range(KILLS):
        process = start(processes, [*arguments, "killed"], tmp_path)
        wait_for_lines(process, log, moments.randint(1, 8))
        process.join(moments.uniform(0, 0.15))  # somewhere in a step, an evaluation or a checkpoint
        _kill(process)
        assert not (tmp_path / "killed").exists()
    finish(processes, [*arguments, "killed"], tmp_path)
    _ended_the_same(tmp_path)
    assert not list(tmp_path.glob("*.unfinished"))
    assert len(logged(tmp_path / "killed")["loss"]) == len(logged(tmp_path / "whole")["loss"])
    tensorboard_holds(tmp_path / "killed", logged(tmp_path / "killed"))


def test_a_killed_run_of_tags_ends_the_same(processes: Any, recipe_file: Path, tmp_path: Path):
    """Sentences longer than a window, weights by tag, and validation by entities."""
    data = tmp_path / "tagged.jsonl"
    rows = [{"tokens": words.split() * 9, "tags": tags.split() * 9} for words, tags in SENTENCES]
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    tree = yaml.safe_load(recipe_file.read_text(encoding="utf-8"))
    tree["task"], tree["data"] = "token-classification", {"source": str(data), "max_length": 16}
    tree["training"] |= {"num_train_epochs": 3, "class_weights": "balanced"}
    tree.pop("evaluation", None)
    recipe_file.write_text(yaml.safe_dump(tree), encoding="utf-8")
    arguments = ["fine-tune", str(recipe_file), "--output-dir"]
    finish(processes, [*arguments, "whole"], tmp_path)
    process = start(processes, [*arguments, "killed"], tmp_path)
    wait_for_lines(process, tmp_path / "killed.unfinished" / "log.jsonl", random.SystemRandom().randint(3, 9))
    _kill(process)
    finish(processes, [*arguments, "killed"], tmp_path)
    _ended_the_same(tmp_path)


def test_interrupt_saves_and_the_same_command_goes_on(processes: Any, recipe_file: Path, tmp_path: Path):
    """Ctrl-C: exit 130 with a checkpoint and a trial of its own; SIGTERM: the same with 143."""
    arguments = ["fine-tune", str(recipe_file), "--output-dir", "run"]
    log = tmp_path / "run.unfinished" / "log.jsonl"
    for number, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = start(processes, arguments, tmp_path)
        wait_for_lines(process, log, 4)
        os.kill(process.pid, number)
        process.join(60)
        assert process.exitcode == expected
    finish(processes, arguments, tmp_path)
    ledger = [json.loads(line) for line in (tmp_path / "runs" / "trials.jsonl").read_text().splitlines()]
    assert [trial["status"] for trial in ledger] == ["interrupted", "interrupted", "degenerate"]
    assert [trial["error"] and trial["error"]["code"] for trial in ledger] == [130, 143, None]
    assert [trial["parent"] for trial in ledger] == [None, ledger[0]["id"], ledger[1]["id"]]


def _cut_off(process: Any, checkpoints: Path, name: str) -> Path | None:
    """Kill a run as soon as its newest checkpoint has a file and is not complete; None if it came too late."""
    while process.is_alive():
        folders = {int(path.name.rpartition("-")[2]): path for path in checkpoints.glob("checkpoint-*")}
        newest = folders.pop(max(folders, default=0), None)
        if newest and folders and (newest / name).exists() and not (newest / MARKER).exists():
            process.kill()
            process.join()
            return None if (newest / MARKER).exists() else newest
        time.sleep(0.0003)
    return None


@pytest.fixture(scope="module")
def short(processes: Any, tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of twelve steps with a checkpoint after each, and beside it the run that nothing has disturbed."""
    folder = tmp_path_factory.mktemp("short")
    file = write_recipe({**tiny_tree, "training": {**tiny_tree["training"], "save_steps": 1}}, folder / "recipe.yaml")
    finish(processes, ["fine-tune", str(file), "--output-dir", "whole"], folder)
    return file


@pytest.mark.parametrize(
    "name", ["weights.safetensors", "optimizer.pt", pytest.param("trainer_state.json", marks=pytest.mark.soak)]
)
def test_a_kill_while_a_checkpoint_is_written(processes: Any, short: Path, tmp_path: Path, name: str):
    """The half of a checkpoint is set aside, and the one before it leads to the same end."""
    arguments = ["fine-tune", str(short), "--output-dir"]
    checkpoints = tmp_path / "killed.unfinished" / "checkpoints"
    half = None
    for _ in range(10):  # the kill may come after the marker
        process = start(processes, [*arguments, "killed"], tmp_path)
        half = half or _cut_off(process, checkpoints, name)
        if half:
            break
        process.kill()
        process.join()
    assert half is not None
    (before,) = [path for path in checkpoints.glob("checkpoint-*") if path != half and (path / MARKER).exists()][-1:]
    finish(processes, [*arguments, "killed"], tmp_path)
    log = (tmp_path / "killed" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    resumed = [entry["step"] for entry in map(json.loads, log) if entry.get("event") == "resume"]
    assert resumed[-1] == max(int(before.name.rpartition("-")[2]), *resumed)
    assert resumed[-1] < int(half.name.rpartition("-")[2])
    _assert_same(short.with_name("whole"), tmp_path / "killed")


def _without_a_tensor(checkpoint: Path) -> None:
    tensors = load_file(checkpoint / "weights.safetensors")
    del tensors[sorted(tensors)[0]]
    save_file(tensors, checkpoint / "weights.safetensors", metadata={"format": "pt"})


def _flip_a_bit(checkpoint: Path) -> None:
    content = bytearray((checkpoint / "weights.safetensors").read_bytes())
    content[len(content) // 2] ^= 1
    (checkpoint / "weights.safetensors").write_bytes(content)


DAMAGES: dict[str, tuple[Any, str]] = {
    "optimizer": (lambda checkpoint: (checkpoint / "optimizer.pt").unlink(), "optimizer.pt is missing"),
    "scheduler": (lambda checkpoint: (checkpoint / "scheduler.pt").unlink(), "scheduler.pt is missing"),
    "random numbers": (lambda checkpoint: (checkpoint / "rng_state.pth").unlink(), "rng_state.pth is missing"),
    "tensor": (_without_a_tensor, "weights.safetensors has "),
    "bit": (_flip_a_bit, "weights.safetensors has another content"),
}


def test_damage_of_every_kind_is_seen_and_the_checkpoint_before_is_used(processes: Any, short: Path, tmp_path: Path):
    arguments = ["fine-tune", str(short), "--output-dir"]
    process = start(processes, [*arguments, "killed"], tmp_path)
    killed = tmp_path / "killed.unfinished"
    wait_for_lines(process, killed / "log.jsonl", 8)
    while process.is_alive() and len(list(killed.glob(f"checkpoints/checkpoint-*/{MARKER}"))) < 2:
        pass
    process.kill()
    process.join()
    whole = sorted(path.parent.name for path in killed.glob(f"checkpoints/checkpoint-*/{MARKER}"))
    newest, older = sorted(whole, key=lambda name: -int(name.rpartition("-")[2]))[:2]
    for number, (damage, words) in enumerate(DAMAGES.values()):
        copy = Path(shutil.copytree(killed, tmp_path / f"{number}.unfinished"))
        damage(copy / "checkpoints" / newest)
        finish(processes, [*arguments, str(number)], tmp_path)
        said = (tmp_path / SAID).read_text(encoding="utf-8")
        assert f"checkpoint at step {newest.rpartition('-')[2]} is set aside: {words}" in said
        assert f"going on at step {older.rpartition('-')[2]}" in said
        _assert_same(short.with_name("whole"), tmp_path / str(number))
    # With none left that is whole, nothing begins again by itself.
    for checkpoint in (newest, older):
        _flip_a_bit(killed / "checkpoints" / checkpoint)
    for _ in range(2):
        process = start(processes, [*arguments, "killed"], tmp_path)
        process.join()
        assert process.exitcode == 7
        said = (tmp_path / SAID).read_text(encoding="utf-8")
        assert "no checkpoint of this run is whole; --restart begins it again" in said
        assert (killed / "checkpoints" / newest).is_dir()
    finish(processes, [*arguments, "killed", "--restart"], tmp_path)
    _assert_same(short.with_name("whole"), tmp_path / "killed")


def _assert_same(first: Path, second: Path) -> None:
    weights, numbers = _outcome(first)
    other_weights, other_numbers = _outcome(second)
    assert other_numbers == numbers
    assert [name for name in weights if not weights[name].equal(other_weights[name])] == []
