"""Only whole checkpoints count, whatever happened to the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.training.checkpoints import MARKER, damage, newest_whole, rotate, seal


def _checkpoint(root: Path, step: int, *, kept_steps: tuple[int, ...] = ()) -> Path:
    folder = root / f"checkpoint-{step}"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(bytes(range(200)) * 5)
    (folder / "optimizer.pt").write_bytes(b"state" * 50)
    seal(folder, {"step": step, "kept_steps": list(kept_steps)})
    return folder


def _best(root: Path, step: int) -> Path:
    folder = root / f"best-{step}"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes(b"best" * 50)
    seal(folder, {})
    return folder


def _flip_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no marker": lambda folder: (folder / MARKER).unlink(),
    "empty marker": lambda folder: (folder / MARKER).write_text(""),
    "marker of another kind": lambda folder: (folder / MARKER).write_text("[]"),
    "another schema": lambda folder: (folder / MARKER).write_text((folder / MARKER).read_text().replace("1", "0", 1)),
    "missing file": lambda folder: (folder / "optimizer.pt").unlink(),
    "truncated file": lambda folder: (folder / "weights.safetensors").write_bytes(b"short"),
    "flipped bit": lambda folder: _flip_bit(folder / "weights.safetensors"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_checkpoint_is_set_aside_and_the_one_before_used(tmp_path: Path, kind: str):
    older = _checkpoint(tmp_path, 9)
    newer = _checkpoint(tmp_path, 10)
    assert damage(newer) is None
    DAMAGES[kind](newer)
    found = newest_whole(tmp_path)
    assert found is not None
    assert (found.folder, found.step, found.info["step"]) == (older, 9, 9)
    assert not newer.exists()
    assert (tmp_path / "quarantine-checkpoint-10").is_dir()


def test_steps_count_not_names_or_times(tmp_path: Path):
    for step in (1000, 9, 200):
        _checkpoint(tmp_path, step)
    (tmp_path / "checkpoint-temporary").mkdir()
    assert newest_whole(tmp_path).step == 1000


def test_checkpoint_needs_the_best_weights_that_it_names(tmp_path: Path):
    _best(tmp_path, 5)
    _checkpoint(tmp_path, 6, kept_steps=(5,))
    _best(tmp_path, 7)
    _checkpoint(tmp_path, 8, kept_steps=(7,))
    _flip_bit(tmp_path / "best-7" / "weights.safetensors")
    assert newest_whole(tmp_path).step == 6


def test_nothing_there_is_nothing(tmp_path: Path):
    assert newest_whole(tmp_path) is None


def test_rotation_keeps_two_and_the_best_weights_that_they_name(tmp_path: Path):
    for best in (1, 2, 3):
        _best(tmp_path, best)
    for step, best in ((1, 1), (2, 2), (10, 2), (11, 3)):
        _checkpoint(tmp_path, step, kept_steps=(best,))
    rotate(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best-2",
        "best-3",
        "checkpoint-10",
        "checkpoint-11",
    ]
