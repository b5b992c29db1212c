"""The metrics of the same finished runs that the report is tested with, and a Hub to push to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import constants, file_download
from huggingface_hub.utils import _detect_agent, _http
from loopback import LoopbackHub
from loopback_cases import REPO

REPORT = Path(__file__).parents[1] / "report"


@pytest.fixture
def metrics() -> dict[str, Any]:
    return json.loads((REPORT / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture
def translation() -> dict[str, Any]:
    return json.loads((REPORT / "metrics-translation.json").read_text(encoding="utf-8"))


@pytest.fixture
def loopback_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackHub]:
    """A Hub of the test's own. This process, and those that it starts, know no other, no token and an empty cache."""
    home = tmp_path / "hf-home"
    for name, inside in (("HF_HUB_CACHE", "hub"), ("HF_TOKEN_PATH", "token"), ("HF_STORED_TOKENS_PATH", "tokens")):
        monkeypatch.setattr(constants, name, str(home / inside))
        monkeypatch.delenv(name, raising=False)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(_detect_agent, "_registry", _detect_agent._EMPTY_REGISTRY)  # asked once a process otherwise
    with LoopbackHub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
        files = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        for name, value in (("HF_HOME", str(home)), ("HF_ENDPOINT", hub.endpoint), ("HF_HUB_OFFLINE", "0")):
            monkeypatch.setenv(name, value)
        yield hub
    assert not hub.errors, "\n".join(hub.errors)


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
