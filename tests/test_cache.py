"""The cache folder, and digests that are remembered."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from toolkit import cache
from toolkit.cache import cache_folder, file_digest


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "transfer-toolkit"


def test_the_cache_folder_follows_the_environment(own_cache: Path, monkeypatch: pytest.MonkeyPatch):
    assert cache_folder() == own_cache
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder().name == "transfer-toolkit"
    assert cache_folder().is_absolute()


def test_a_digest_is_remembered_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "a file"
    file.write_bytes(b"first")
    assert file_digest(file) == hashlib.sha256(b"first").hexdigest()
    hashed: list[Path] = []
    real = cache.sha256_file
    monkeypatch.setattr(cache, "sha256_file", lambda path: hashed.append(path) or real(path))
    assert file_digest(file) == hashlib.sha256(b"first").hexdigest()
    assert hashed == []
    file.write_bytes(b"other")
    os.utime(file, ns=(1, 1))
    assert file_digest(file) == hashlib.sha256(b"other").hexdigest()
    assert hashed == [file]


def test_a_digest_needs_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "file"
    file.write_bytes(b"x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert file_digest(file) == hashlib.sha256(b"x").hexdigest()
