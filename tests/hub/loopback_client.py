"""The real client of the Hub, in this process and those that it starts, pointed at a loopback Hub."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import constants
from loopback import LoopbackHub


def free_port() -> int:
    """Return a port that Hubs can take one after the other, so that processes find each at the same address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def only_hub(patch: pytest.MonkeyPatch, home: Path, *, port: int = 0) -> Iterator[LoopbackHub]:
    """Start a Hub that is the only one that the client knows; it has no token and an empty cache.

    Args:
        patch: undoes it.
        home: a folder for the client's files.
        port: of the Hub; 0 takes a free one.
    """
    for name, inside in (("HF_HUB_CACHE", "hub"), ("HF_TOKEN_PATH", "token"), ("HF_STORED_TOKENS_PATH", "tokens")):
        patch.setattr(constants, name, str(home / inside))
        patch.delenv(name, raising=False)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_CACHE"):
        patch.delenv(name, raising=False)
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    with LoopbackHub(port=port) as hub:
        patch.setattr(constants, "ENDPOINT", hub.endpoint)
        files = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        for name, value in (("HF_HOME", str(home)), ("HF_ENDPOINT", hub.endpoint), ("HF_HUB_OFFLINE", "0")):
            patch.setenv(name, value)
        yield hub
    assert not hub.errors, "\n".join(hub.errors)
