"""The metrics of the same finished runs that the report is tested with, and a Hub to push to."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import file_download
from huggingface_hub.utils import _http
from loopback import LoopbackHub
from loopback_cases import REPO
from loopback_client import free_port, only_hub

from toolkit.cli.main import run as command

REPORT = Path(__file__).parents[1] / "report"


@pytest.fixture
def metrics() -> dict[str, Any]:
    return json.loads((REPORT / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture
def translation() -> dict[str, Any]:
    return json.loads((REPORT / "metrics-translation.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def port() -> int:
    """The Hub's port in all tests: a change of the address would cost `preloaded_python` a server."""
    return free_port()


@pytest.fixture
def loopback_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: int) -> Iterator[LoopbackHub]:
    """A Hub of the test's own. This process, and those that it starts, know no other, no token and an empty cache."""
    with only_hub(monkeypatch, tmp_path / "hf-home", port=port) as hub:
        yield hub


@pytest.fixture
def hub(loopback_hub):
    """That Hub with sizes at which a few thousand bytes are large."""
    loopback_hub.lfs_threshold, loopback_hub.part_size = 2_000, 5_000
    return loopback_hub


@pytest.fixture
def api(hub):
    return hub.api()


@pytest.fixture
def repo(hub):
    return hub.add_repo(REPO, private=True)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited between its tries; it does not wait."""
    seconds: list[float] = []
    for module in (_http, file_download):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


@pytest.fixture
def push(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """The command; gives exit code, stdout and stderr."""

    def carry_out(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        return command(["push", *map(str, arguments)]), *capsys.readouterr()

    yield carry_out
    logging.getLogger("toolkit").handlers = []
