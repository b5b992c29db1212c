"""A choice whose processes meet what the system does: a kill, an end of memory, Ctrl-C."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from short_choice import train_anyway

from toolkit.choose.choose import Choice, choose
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.show.lines import choice_lines
from toolkit.errors import ResourceError
from toolkit.names import Task
from toolkit.trials.ledger import read_trials

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and limits of Linux")


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    train_anyway(monkeypatch)


def _measuring(asked: psutil.Process) -> list[psutil.Process]:
    """The processes that measure: children of the server, which is a child of the one that asked."""
    with suppress(psutil.NoSuchProcess):
        return [child for server in asked.children() for child in server.children()]
    return []


@contextmanager
def _each(act: Callable[[int, int], None]) -> Iterator[None]:
    """Act on each process that measures as soon as it is there, by its place in their order and its number."""
    seen: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            for process in _measuring(psutil.Process()):
                if process.pid not in seen:
                    seen.append(process.pid)
                    act(len(seen) - 1, process.pid)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _choose(model: Path, data: Path, folder: Path) -> Choice:
    return choose(
        Task.TEXT_CLASSIFICATION,
        {"source": str(data), "max_length": 32},
        models=[str(model)],
        budget=Budget(900.0),
        output_dir=folder / "out",
        ledger=folder / "trials.jsonl",
    )


def _of(choice: Choice, stage: Stage) -> list[Measurement]:
    return [made for made in choice.measured if made.stage is stage]


def test_what_the_system_kills_is_a_result_and_the_choice_goes_on(
    tiny_bert: Path, short_or_long: Path, tmp_path: Path
) -> None:
    def kill(place: int, number: int) -> None:
        if place in (1, 2):  # as it is, and the first training; before them the features
            os.kill(number, signal.SIGKILL)

    with _each(kill):
        choice = _choose(tiny_bert, short_or_long, tmp_path)
    (asked,), (read,), (first, *trained) = (
        _of(choice, stage) for stage in (Stage.ZERO_SHOT, Stage.FEATURES, Stage.RUN)
    )
    for made in (asked, first):
        assert made.status is Status.FAILED
        assert made.reason is not None
        assert made.reason.startswith("killed by the system, most likely for memory: its ")
        assert "--memory" in made.reason
        told = [line for line in choice_lines(choice) if "failed, killed by the system" in line]
        assert any(made.name in line for line in told)
    assert {made.status for made in (read, *trained)} == {Status.MEASURED}
    assert choice.decision.recommended is not None
    trials = {trial.method: trial for trial in read_trials(tmp_path / "trials.jsonl")[0]}
    assert {method: trials[method].status for method in ("zero-shot", "features", str(first.method))} == {
        "zero-shot": "out-of-memory",
        "features": "done",
        str(first.method): "out-of-memory",
    }
    assert not list(tmp_path.glob(".*.running"))
    assert trials["zero-shot"].error == {"code": 4, "message": asked.reason}
    again = _choose(tiny_bert, short_or_long, tmp_path)  # what was killed is measured now, and the rest is kept
    assert {made.status for made in again.measured} == {Status.MEASURED}
    assert _of(again, Stage.FEATURES) == [read]


def test_candidates_for_which_memory_runs_out_are_results_and_end_the_choice_where_nothing_else_is_left(
    tiny_bert: Path, short_or_long: Path, tmp_path: Path
) -> None:
    def limit(_: int, number: int) -> None:
        process = psutil.Process(number)
        while process.num_threads() < 2:  # it watches the one that asked from now on
            time.sleep(0.001)
        held = process.memory_info().vms + (1 << 20)
        resource.prlimit(number, resource.RLIMIT_AS, (held, held))

    with _each(limit), pytest.raises(ResourceError, match=r"^--models: out of memory: .* --memory \d+MB"):
        _choose(tiny_bert, short_or_long, tmp_path)
    trials = read_trials(tmp_path / "trials.jsonl")[0]
    assert [(trial.method, trial.status, trial.error) for trial in trials] == [
        (method, "out-of-memory", {"code": 4, "message": "out of memory"}) for method in ("features", "zero-shot")
    ]


def test_ctrl_c_ends_all_processes_and_the_same_command_goes_on(
    tiny_bert: Path, short_or_long: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "toolkit", "choose", "--task", "text-classification", "--data", str(short_or_long)]
    settings = ["--models", str(tiny_bert), "--budget", "15m", "--output-dir", "out"]
    with (tmp_path / "said").open("wb") as said:
        asked = psutil.Popen([*command, *settings], cwd=tmp_path, stderr=said, start_new_session=True)
    end = time.monotonic() + 240
    measured = tmp_path / "out" / "measured.jsonl"
    while not (measured.is_file() and _measuring(asked)):  # it was asked as it is, and its features are read
        assert asked.poll() is None, (tmp_path / "said").read_text(encoding="utf-8")
        assert time.monotonic() < end
        time.sleep(0.02)
    started = asked.children(recursive=True)
    os.killpg(asked.pid, signal.SIGINT)
    assert asked.wait(timeout=60) == 130
    assert not psutil.wait_procs(started, timeout=60)[1]
    lines = (tmp_path / "said").read_text(encoding="utf-8").splitlines()
    assert lines[-1].startswith("error: interrupted")
    assert not [line for line in lines if "Traceback" in line or "Warning" in line]
    kept = [json.loads(line) for line in measured.read_text(encoding="utf-8").splitlines()]
    assert [one["status"] for one in kept] == ["measured"] * len(kept)
