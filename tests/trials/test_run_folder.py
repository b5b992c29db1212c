"""A run folder is whole or not there, and belongs to one process at a time."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.errors import ResourceError
from toolkit.trials.run_folder import RunIdentity, claim_run

IDENTITY = RunIdentity("recipe-1", "data-1")
OTHER_RECIPE = RunIdentity("recipe-2", "data-1")
OTHER_DATA = RunIdentity("recipe-1", "data-2")


def _finish(folder: Path, identity: RunIdentity = IDENTITY, *, restart: bool = False, text: str = "first") -> None:
    with claim_run(folder, identity, restart=restart) as run:
        assert not run.finished
        (run.work / "checkpoints" / "checkpoint-1").mkdir(parents=True)
        (run.work / "result.txt").write_text(text)
        trial = {"recipe_digest": identity.recipe_digest, "data_digest": identity.data_digest}
        (run.work / "trial.json").write_text(json.dumps(trial))
        run.publish()


def _leave_unfinished(folder: Path, identity: RunIdentity = IDENTITY) -> None:
    with claim_run(folder, identity) as run:
        (run.work / "checkpoints" / "checkpoint-1").mkdir(parents=True)
        (run.work / "checkpoints" / "checkpoint-1" / "weights").write_text("w")


def test_published_run_holds_only_what_was_made(tmp_path: Path):
    _finish(tmp_path / "deep" / "run")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["run"]
    assert sorted(path.name for path in (tmp_path / "deep" / "run").iterdir()) == ["result.txt", "trial.json"]


def test_same_run_again_is_finished_and_another_is_refused(tmp_path: Path):
    _finish(tmp_path / "run")
    with claim_run(tmp_path / "run", IDENTITY) as run:
        assert run.finished
    for identity, words in ((OTHER_RECIPE, "its recipe differs"), (OTHER_DATA, "its data differs")):
        with pytest.raises(ResourceError, match=words), claim_run(tmp_path / "run", identity):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_restart_replaces_a_finished_run_once_the_new_one_is_done(tmp_path: Path):
    _finish(tmp_path / "run")
    with pytest.raises(KeyError), claim_run(tmp_path / "run", OTHER_RECIPE, restart=True):
        raise KeyError
    assert (tmp_path / "run" / "result.txt").read_text() == "first"
    _finish(tmp_path / "run", OTHER_RECIPE, restart=True, text="second")
    assert (tmp_path / "run" / "result.txt").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_unfinished_run_goes_on_and_another_is_refused(tmp_path: Path):
    _leave_unfinished(tmp_path / "run")
    with pytest.raises(ResourceError, match=r"unfinished run .* its recipe differs"):
        _finish(tmp_path / "run", OTHER_RECIPE)
    with claim_run(tmp_path / "run", IDENTITY) as run:
        assert (run.work / "checkpoints" / "checkpoint-1" / "weights").read_text() == "w"
    with claim_run(tmp_path / "run", OTHER_RECIPE, restart=True) as run:
        assert not (run.work / "checkpoints").exists()


def test_failure_before_the_first_checkpoint_leaves_nothing(tmp_path: Path):
    with pytest.raises(KeyError), claim_run(tmp_path / "new" / "run", IDENTITY):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_something_else_under_the_name_is_refused_and_untouched(tmp_path: Path):
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("mine")
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    for restart in (False, True):
        with pytest.raises(ResourceError, match="this is a file"), claim_run(file, IDENTITY, restart=restart):
            pass
        with (
            pytest.raises(ResourceError, match="something else"),
            claim_run(folder, IDENTITY, restart=restart),
        ):
            pass
    assert file.read_text() == (folder / "thesis.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_folder_with_the_name_of_an_unfinished_run_is_left_alone(tmp_path: Path):
    (tmp_path / "run.unfinished").mkdir()
    (tmp_path / "run.unfinished" / "thesis.txt").write_text("mine")
    for restart in (False, True):
        with (
            pytest.raises(ResourceError, match="no unfinished run"),
            claim_run(tmp_path / "run", IDENTITY, restart=restart),
        ):
            pass
    assert [path.name for path in (tmp_path / "run.unfinished").iterdir()] == ["thesis.txt"]


def test_empty_folder_is_taken(tmp_path: Path):
    (tmp_path / "run").mkdir()
    _finish(tmp_path / "run")
    assert (tmp_path / "run" / "result.txt").is_file()


def test_parent_that_is_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(ResourceError, match="cannot be written"),
        claim_run(tmp_path / "file" / "run", IDENTITY),
    ):
        pass


HOLDER = """
import sys, time
from pathlib import Path
from toolkit.trials.run_folder import RunIdentity, claim_run
with claim_run(Path(sys.argv[1]), RunIdentity("recipe-1", "data-1")):
    print("claimed", flush=True)
    time.sleep(60)
"""


def test_second_process_is_refused_by_name_and_a_dead_one_leaves_no_lock(tmp_path: Path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "claimed\n"
        words = f"process {holder.pid} on {socket.gethostname()} works on this run"
        with pytest.raises(ResourceError, match=words), claim_run(tmp_path / "run", IDENTITY):
            pass
        holder.kill()
    assert holder.pid != os.getpid()
    _finish(tmp_path / "run")
