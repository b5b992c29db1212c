"""Models made once: whole or not there, by one process at a time, made again when damaged."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from toolkit.adapters.model_cache import made_once
from toolkit.errors import IntegrityError, ResourceError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "transfer-toolkit"


def _write(folder: Path) -> None:
    (folder / "config.json").write_text("{}")
    (folder / "weights").mkdir()
    (folder / "weights" / "one").write_bytes(b"12345")


def _never(folder: Path) -> None:
    raise AssertionError("made a second time")


def test_made_once_and_kept(own_cache: Path):
    folder = made_once("mine", _write, doing="making mine")
    assert folder == own_cache / "models" / "mine"
    assert (folder / "weights" / "one").read_bytes() == b"12345"
    assert made_once("mine", _never, doing="making mine") == folder


@pytest.mark.parametrize("damage", ["missing", "shorter", "no list", "list that is none"])
def test_damage_is_made_good(damage: str):
    folder = made_once("mine", _write, doing="making mine")
    if damage == "missing":
        (folder / "config.json").unlink()
    elif damage == "shorter":
        (folder / "weights" / "one").write_bytes(b"1234")
    elif damage == "no list":
        (folder / "toolkit-cache.json").unlink()
    else:
        (folder / "toolkit-cache.json").write_text("[3]")
    (folder / "leftover").write_text("x")
    assert made_once("mine", _write, doing="making mine") == folder
    assert (folder / "weights" / "one").read_bytes() == b"12345"
    assert not (folder / "leftover").exists()


def test_a_failure_leaves_nothing_and_is_not_hidden(own_cache: Path):
    def fail(folder: Path) -> None:
        _write(folder)
        raise IntegrityError("damaged")

    with pytest.raises(IntegrityError, match="damaged"):
        made_once("mine", fail, doing="making mine")
    assert [path.name for path in (own_cache / "models").iterdir() if path.is_dir()] == []
    assert made_once("mine", _write, doing="making mine").is_dir()


def test_what_a_killed_process_left_is_thrown_away(own_cache: Path):
    unfinished = own_cache / "models" / "mine.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "half").write_text("x")
    folder = made_once("mine", _write, doing="making mine")
    assert not unfinished.exists()
    assert not (folder / "half").exists()


def _make_slowly(log: Path) -> None:
    def make(folder: Path) -> None:
        with log.open("a") as stream:
            stream.write(f"{os.getpid()}\n")
        time.sleep(0.3)
        _write(folder)

    assert (made_once("mine", make, doing="making mine") / "config.json").is_file()


def test_of_two_processes_one_makes_it(tmp_path: Path):
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")  # a new interpreter would spend seconds on imports
    processes = [context.Process(target=_make_slowly, args=(log,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(log.read_text().splitlines()) == 1


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match=r"cannot be written .*set XDG_CACHE_HOME") as caught:
        made_once("mine", _write, doing="making mine")
    assert len(str(caught.value).splitlines()) == 1
