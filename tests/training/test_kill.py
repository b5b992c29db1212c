"""Killed at random moments and started again, a run ends with the same weights and the same numbers."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tasks" / "token_classification")]
from crash_worker import command  # noqa: E402
from tagging_models import SENTENCES  # noqa: E402

KILLS = 5


@pytest.fixture(scope="module")
def processes() -> Any:
    """Processes that start in no time: they are forked from one that has imported everything and run nothing."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["toolkit.workflow"])
    return context


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


def _start(processes: Any, arguments: list[str], folder: Path) -> Any:
    process = processes.Process(target=command, args=(arguments, str(folder)))
    process.start()
    return process


def _lines(log: Path) -> int:
    try:
        return log.read_text(encoding="utf-8").count("\n")
    except FileNotFoundError:
        return 0


def _wait_for_lines(process: Any, log: Path, more: int) -> None:
    """Until the run has logged so many lines more; with a line a step this is its progress."""
    target = _lines(log) + more
    while process.is_alive() and _lines(log) < target:
        time.sleep(0.005)


def _finish(processes: Any, arguments: list[str], folder: Path) -> None:
    process = _start(processes, arguments, folder)
    process.join()
    assert process.exitcode == 0


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
    arguments = ["fine-tune", str(recipe_file), "--output-dir"]
    _finish(processes, [*arguments, "whole"], tmp_path)
    seed = random.SystemRandom().randrange(2**32)
    print(f"moments drawn with seed {seed}")
    moments = random.Random(seed)
    log = tmp_path / "killed.unfinished" / "log.jsonl"
    for _ in range(KILLS):
        process = _start(processes, [*arguments, "killed"], tmp_path)
        _wait_for_lines(process, log, moments.randint(1, 8))
        process.join(moments.uniform(0, 0.15))  # somewhere in a step, an evaluation or a checkpoint
        _kill(process)
        assert not (tmp_path / "killed").exists()
    _finish(processes, [*arguments, "killed"], tmp_path)
    _ended_the_same(tmp_path)
    assert not list(tmp_path.glob("*.unfinished"))


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
    _finish(processes, [*arguments, "whole"], tmp_path)
    process = _start(processes, [*arguments, "killed"], tmp_path)
    _wait_for_lines(process, tmp_path / "killed.unfinished" / "log.jsonl", random.SystemRandom().randint(3, 9))
    _kill(process)
    _finish(processes, [*arguments, "killed"], tmp_path)
    _ended_the_same(tmp_path)


def test_interrupt_saves_and_the_same_command_goes_on(processes: Any, recipe_file: Path, tmp_path: Path):
    """Ctrl-C: exit 130 with a checkpoint and a trial of its own; SIGTERM: the same with 143."""
    arguments = ["fine-tune", str(recipe_file), "--output-dir", "run"]
    log = tmp_path / "run.unfinished" / "log.jsonl"
    for number, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = _start(processes, arguments, tmp_path)
        _wait_for_lines(process, log, 4)
        os.kill(process.pid, number)
        process.join(60)
        assert process.exitcode == expected
    _finish(processes, arguments, tmp_path)
    ledger = [json.loads(line) for line in (tmp_path / "runs" / "trials.jsonl").read_text().splitlines()]
    assert [trial["status"] for trial in ledger] == ["interrupted", "interrupted", "degenerate"]
    assert [trial["error"] and trial["error"]["code"] for trial in ledger] == [130, 143, None]
    assert [trial["parent"] for trial in ledger] == [None, ledger[0]["id"], ledger[1]["id"]]
