"""`toolkit cache list|clear` and its limit, also while another process reads what is removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolkit.adapters.model_cache import made_once
from toolkit.cache import cache_folder
from toolkit.cache.entries import PURPOSES, entries
from toolkit.cache.limit import keep_within, limit_bytes
from toolkit.cli.main import run

READER = """
import numpy as np
from toolkit.evaluation.baselines.classes import Baseline
from toolkit.evaluation.baselines.kept import kept_baseline

computed = 0
def make():
    global computed
    computed += 1
    return Baseline("majority", np.arange(5), 0.5, None)

print("ready", flush=True)
for turn in range(150):
    assert kept_baseline("rows", make).predictions.tolist() == [0, 1, 2, 3, 4]
print("computed", computed, flush=True)
"""
HOLDER = """
import sys
from pathlib import Path
from toolkit.cache.entries import hold
folder = Path(sys.argv[1])
hold(folder)
print("ready", flush=True)
sys.stdin.readline()
assert (folder / "weights").read_bytes() == b"x" * 1000
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "transfer-toolkit"


def _put(name: str, size: int, *, days_ago: float = 0) -> Path:
    file = cache_folder() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    moment = time.time() - days_ago * 86400
    os.utime(file, (moment, moment))
    return file


def test_list_and_clear(own_cache: Path, capsys: pytest.CaptureFixture[str]):
    _put("features/model/mean/a.safetensors", 3000, days_ago=2)
    _put("models/one/weights", 500_000)
    _put("models/one/toolkit-cache.json", 10)
    _put("models/one.lock", 0)
    assert run(["cache", "list"]) == 0
    told = capsys.readouterr().out
    assert [line.split()[:3] for line in told.splitlines()[1:3]] == [["models", "1", "0.5"], ["features", "1", "0.0"]]
    assert PURPOSES["features"] in told
    assert str(own_cache) in told.replace("\n", " ") or "TOOLKIT_CACHE_LIMIT" in told
    assert run(["cache", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert (listed["bytes"], [entry["kind"] for entry in listed["entries"]]) == (503_010, ["features", "models"])
    assert run(["cache", "clear", "featurs"]) == 2
    assert "did you mean 'features'?" in capsys.readouterr().err
    assert run(["cache", "clear", "features", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == 3000
    assert [entry.kind for entry in entries()] == ["models"]
    assert run(["cache", "clear"]) == 0
    assert entries() == []
    assert run(["cache", "list"]) == 0


def test_what_is_kept_has_a_purpose():
    """Each folder that the sources name below the cache folder is told."""
    sources = "".join(
        file.read_text(encoding="utf-8") for file in (Path(__file__).parents[1] / "toolkit").rglob("*.py")
    )
    named = {part.split('"')[1] for part in sources.split("cache_folder() / ")[1:] if part.startswith('"')}
    assert named | {"models"} == set(PURPOSES)


def test_the_limit_removes_what_was_used_longest_ago(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    old, middle = _put("baselines/old.npz", 400, days_ago=9), _put("features/a/b/middle.safetensors", 400, days_ago=3)
    new = _put("baselines/new.npz", 400)
    assert [entry.path for entry in keep_within(1000)] == [old]
    assert [entry.path for entry in keep_within(0)] == [middle]
    assert new.exists()  # it may be read just now
    for written, expected in {"500MB": 500_000_000, "1.5 gb": 1_500_000_000, "7": 7, "": 20_000_000_000}.items():
        monkeypatch.setenv("TOOLKIT_CACHE_LIMIT", written)
        assert limit_bytes() == expected
    monkeypatch.setenv("TOOLKIT_CACHE_LIMIT", "much")
    with caplog.at_level("WARNING", logger="toolkit"):
        assert (limit_bytes(), limit_bytes()) == (20_000_000_000, 20_000_000_000)
    assert len([record for record in caplog.records if "'much' is no size" in record.getMessage()]) == 1


def test_cleared_while_another_process_reads(own_cache: Path):
    reader = subprocess.Popen([sys.executable, "-c", READER], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    cleared = 0
    while reader.poll() is None:
        assert run(["cache", "clear", "--json"]) == 0
        cleared += 1
    assert reader.wait() == 0
    assert cleared > 1


def test_a_model_in_use_stays(own_cache: Path, capsys: pytest.CaptureFixture[str]):
    held = _put("models/held-0/weights", 1000).parent
    free = made_once("free-0", lambda folder: (folder / "weights").write_bytes(b"y"), doing="making it")
    (mark,) = (own_cache / "models").glob("free-0.used-by-*")
    mark.rename(mark.with_name("free-0.used-by-999999999"))  # as if its process had ended
    command = [sys.executable, "-c", HOLDER, str(held)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    capsys.readouterr()
    assert run(["cache", "clear"]) == 0
    assert f"in use, or not to be removed: {held}" in capsys.readouterr().out
    assert not free.exists()
    holder.communicate("\n")
    assert holder.returncode == 0
    assert run(["cache", "clear"]) == 0
    assert entries() == []


def test_a_cache_that_cannot_be_written_or_is_a_file(own_cache: Path, capsys: pytest.CaptureFixture[str]):
    own_cache.parent.mkdir(parents=True)
    own_cache.write_bytes(b"no folder")
    assert run(["cache", "list"]) == 0
    assert run(["cache", "clear"]) == 0
    assert "0 entries removed" in capsys.readouterr().out
    assert own_cache.read_bytes() == b"no folder"
