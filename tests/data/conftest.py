"""Small files to read, and the data section of a recipe without the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from toolkit.recipe.schema import DataSection


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a file into a folder of its own, which becomes the current one; gives its relative name."""
    monkeypatch.chdir(tmp_path)

    def _write(name: str, content: str | bytes, *, encoding: str = "utf-8") -> str:
        raw = content if isinstance(content, bytes) else content.encode(encoding)
        (tmp_path / name).write_bytes(raw)
        return name

    return _write


@pytest.fixture
def section() -> Callable[..., DataSection]:
    return lambda **values: DataSection(**values)
