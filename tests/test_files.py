"""Atomic writes: whole or untouched, readable back, nothing left lying about."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import files
from toolkit.errors import ResourceError

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé한", max_size=4), inner, max_size=4),
    max_leaves=12,
)


def test_text_replaces_what_was_there_and_leaves_nothing_else(tmp_path: Path):
    path = tmp_path / "메모.txt"
    files.write_text_atomically(path, "first")
    files.write_text_atomically(path, "둘째\r\nline\n")
    assert path.read_bytes() == "둘째\r\nline\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_longest_possible_name_is_written(tmp_path: Path):
    path = tmp_path / ("n" * 255)
    files.write_text_atomically(path, "x")
    assert path.read_text(encoding="utf-8") == "x"


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_new_file_follows_the_umask(tmp_path: Path):
    before = os.umask(0o022)
    try:
        files.write_text_atomically(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_a_file_that_cannot_grow_keeps_the_old_one_and_leaves_no_temporary(tmp_path: Path):
    import resource

    path = tmp_path / "state.json"
    files.write_json_atomically(path, {"step": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(ResourceError, match=r"state\.json: a file may have 10 bytes here .*, 16 are needed"):
            files.write_json_atomically(path, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert json.loads(path.read_text(encoding="utf-8")) == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_that_cannot_be_taken_leaves_no_temporary(tmp_path: Path):
    """The rename fails: a folder stands under the name."""
    path = tmp_path / "state.json"
    path.mkdir()
    (path / "kept").touch()
    with pytest.raises(ResourceError, match=r"state\.json: cannot be written"):
        files.write_json_atomically(path, {"step": 2})
    assert list(tmp_path.rglob("*")) == [path, path / "kept"]


DISK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from limited_worker import mount
folder = Path(sys.argv[2])
if not mount(folder, 8192):
    sys.exit(77)
from toolkit import files
from toolkit.errors import ResourceError
path = folder / "state.json"
files.write_json_atomically(path, {"step": 1})
(folder / "ballast").write_bytes(bytes(4096))
try:
    files.write_json_atomically(path, {"step": 2})
except ResourceError as error:
    print(error, path.read_text(), sorted(file.name for file in folder.iterdir()), sep="|")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a disk of Linux")
def test_a_full_disk_keeps_the_old_file_and_leaves_no_temporary(tmp_path: Path):
    command = [sys.executable, "-c", DISK, str(Path(__file__).parent), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode == 77:
        pytest.skip("the system gives no disk of its own")
    told, kept, left = done.stdout.split("|")
    assert told == f"{tmp_path}/state.json: the disk is full: 0 bytes are free, 16 are needed; make room and try again"
    assert (json.loads(kept), left.strip()) == ({"step": 1}, "['ballast', 'state.json']")


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path):
    def write() -> None:
        with files.replacing(tmp_path / "rows.csv") as temporary:
            temporary.write_bytes(b"half")
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not list(tmp_path.iterdir())


def test_missing_folder_is_a_resource_error(tmp_path: Path):
    with pytest.raises(ResourceError, match="cannot be written") as caught:
        files.write_text_atomically(tmp_path / "missing" / "a.txt", "x")
    assert caught.value.exit_code == 4


@given(value=JSON_VALUES)
def test_json_round_trip(tmp_path_factory: pytest.TempPathFactory, value: object):
    path = tmp_path_factory.getbasetemp() / "value.json"
    files.write_json_atomically(path, value)
    assert json.loads(path.read_text(encoding="utf-8")) == value


def test_json_keeps_key_order_and_scripts(tmp_path: Path):
    path = tmp_path / "v.json"
    files.write_json_atomically(path, {"b": 1, "a": "한국어"})
    assert path.read_bytes().decode("utf-8") == '{\n  "b": 1,\n  "a": "한국어"\n}\n'


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_json_refuses_what_json_does_not_have(tmp_path: Path, bad: float):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json_atomically(tmp_path / "v.json", {"loss": bad})
    assert not list(tmp_path.iterdir())


def test_sha256_agrees_with_hashlib_over_several_blocks(tmp_path: Path):
    content = os.urandom(1_000_003)
    path = tmp_path / "blob"
    path.write_bytes(content)
    assert files.sha256_file(path) == hashlib.sha256(content).hexdigest()


def test_fsync_reaches_the_disk_call(tmp_path: Path, real_fsync: None, monkeypatch: pytest.MonkeyPatch):
    flushed: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (flushed.append(descriptor), real(descriptor))[1])
    path = tmp_path / "a"
    path.write_text("x", encoding="utf-8")
    path.chmod(0o444)
    files.fsync_file(path)
    assert len(flushed) == 1
    with pytest.raises(FileNotFoundError):
        files.fsync_file(tmp_path / "missing")
    with pytest.raises(FileNotFoundError):
        files.fsync_folder(tmp_path / "missing")


@pytest.mark.skipif(sys.platform != "linux", reason="a file system of Linux")
def test_folder_flush_forgives_file_systems_that_cannot(real_fsync: None):
    descriptor = os.open("/proc", os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="Invalid argument"):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    files.fsync_folder("/proc")
