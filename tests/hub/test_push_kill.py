"""Row 64 of reliability.md: a killed push leaves the old commit or the new one, and the next one completes it."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from push_cases import FILES, REPO, pushes, remote, tree
from push_worker import push_folder

KILLS = 20
CHANGED = {
    **FILES,
    "config.json": b"{}",
    "model.safetensors": bytes(range(255, -1, -1)) * 40,
    "vocab.txt": b"a\n" * 900,
}
del CHANGED["tokenizer.json"]


@pytest.fixture(scope="module")
def processes() -> Any:
    """Processes that start in no time: they are forked from one that has imported everything and run nothing."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["toolkit.hub.push.send"])
    return context


def run(processes: Any, hub: Any, folder: Path) -> Any:
    process = processes.Process(target=push_folder, args=(hub.endpoint, hub.token, str(folder)))
    process.start()
    return process


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_push_leaves_the_old_or_the_new_commit_and_the_next_completes_it(
    loopback_hub, processes, tmp_path, seed
):
    hub = loopback_hub
    hub.lfs_threshold, hub.part_size = 1_000, 3_000
    moments = random.Random(seed)
    before: dict[str, bytes] | None = None
    if seed % 2:  # every other push is a second one
        first = run(processes, hub, tree(tmp_path / "old", FILES))
        first.join()
        before = remote(hub)
        assert (first.exitcode, before) == (0, FILES)
    hub.requests.clear()
    hub.faults.add("", delay_seconds=0.004, times=None)  # so that there are moments between
    victim = run(processes, hub, tree(tmp_path / "new", CHANGED))
    at_request = moments.randint(1, 19 if before is None else 16)  # it takes that many
    while victim.is_alive() and len(hub.requests) < at_request:
        time.sleep(0.0005)
    time.sleep(moments.uniform(0, 0.006))
    if victim.is_alive():
        os.kill(victim.pid, signal.SIGKILL)
    victim.join()
    hub.faults.clear()
    time.sleep(0.02)  # what was under way when the client died
    seen = remote(hub) if REPO in hub.repos else None
    print(
        f"seed {seed}: killed at request {len(hub.requests)} of {at_request}, exit {victim.exitcode}", seen == CHANGED
    )
    assert seen in (before, CHANGED, *([{}] if before is None else []))
    again = run(processes, hub, tmp_path / "new")
    again.join()
    assert again.exitcode == 0
    assert remote(hub) == CHANGED
    assert pushes(hub) == (1 if before is None else 2)
