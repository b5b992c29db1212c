"""The cache folder, and digests that are remembered."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from toolkit import cache
from toolkit.cache import cache_folder, file_digest, kept_answer
from toolkit.evaluation.baselines.classes import Baseline
from toolkit.evaluation.baselines.kept import kept_baseline


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


def test_a_cache_that_cannot_be_written_costs_one_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    file = tmp_path / "file"
    file.write_bytes(b"x")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    asked: list[int] = []
    answer = kept_answer(lambda: asked.append(1))
    for _ in range(2):
        assert file_digest(file) == hashlib.sha256(b"x").hexdigest()
        answer()
        assert kept_baseline("key", lambda: Baseline("majority", np.zeros(3), 0.1, None)).name == "majority"
    assert len(asked) == 2
    assert caplog.text.count("are not kept") == caplog.text.count("set XDG_CACHE_HOME") == 1


def test_an_answer_is_kept_until_what_is_installed_changes(own_cache: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    @kept_answer
    def double(number: int) -> dict[str, int]:
        asked.append(number)
        if number < 0:
            raise ValueError("a number below zero")
        return {"twice": 2 * number}

    assert [double(2), double(2), double(3)] == [{"twice": 4}, {"twice": 4}, {"twice": 6}]
    assert asked == [2, 3]
    for _ in range(2):  # what is refused may be allowed the next time
        with pytest.raises(ValueError, match="below zero"):
            double(-1)
    assert asked == [2, 3, -1, -1]
    for note in (own_cache / "answers").iterdir():
        note.write_text(note.read_text(encoding="utf-8")[:-2], encoding="utf-8")  # cut by a crash
    assert double(2) == {"twice": 4}
    monkeypatch.setattr(cache, "_installed", lambda: ["another version"])
    assert double(2) == {"twice": 4}
    assert asked == [2, 3, -1, -1, 2, 2]


def test_without_a_folder_for_it_the_answer_is_asked_again(own_cache: Path):
    own_cache.parent.write_text("a file in its place", encoding="utf-8")
    assert kept_answer(lambda: 1)() == 1
