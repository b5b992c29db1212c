"""Atomic writes: whole or untouched, readable back, nothing left lying about."""

from __future__ import annotations

import errno
import hashlib
import json
import os
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


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failure_keeps_the_old_file_and_leaves_no_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str):
    path = tmp_path / "state.json"
    files.write_json_atomically(path, {"step": 1})

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(ResourceError, match=r"state\.json: the disk is full: [\d,]+ bytes are free, 16 are needed"):
        files.write_json_atomically(path, {"step": 2})
    assert json.loads(path.read_text(encoding="utf-8")) == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path):
    def write() -> None:
        with files.replacing(tmp_path / "rows.csv") as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

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


def test_fsync_reaches_the_disk_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
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


@pytest.mark.skipif(os.name == "nt", reason="does nothing there")
def test_folder_flush_forgives_only_file_systems_that_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def answer(number: int):
        def fail(descriptor: int) -> None:
            raise OSError(number, os.strerror(number))

        return fail

    monkeypatch.setattr(os, "fsync", answer(errno.EINVAL))
    files.fsync_folder(tmp_path)
    monkeypatch.setattr(os, "fsync", answer(errno.EIO))
    with pytest.raises(OSError) as caught:
        files.fsync_folder(tmp_path)
    assert caught.value.errno == errno.EIO
