"""The real client of the Hub, in this process and those that it starts, pointed at a loopback Hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import constants
from loopback import LoopbackHub


@contextmanager
def only_hub(patch: pytest.MonkeyPatch, home: Path) -> Iterator[LoopbackHub]:
    """Start a Hub that is the only one that the client knows; it has no token and an empty cache.

    Args:
        patch: undoes it.
        home: a folder for the client's files.
    """
    for name, inside in (("HF_HUB_CACHE", "hub"), ("HF_TOKEN_PATH", "token"), ("HF_STORED_TOKENS_PATH", "tokens")):
        patch.setattr(constants, name, str(home / inside))
        patch.delenv(name, raising=False)
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_CACHE"):
        patch.delenv(name, raising=False)
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    with LoopbackHub() as hub:
        patch.setattr(constants, "ENDPOINT", hub.endpoint)
        files = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        for name, value in (("HF_HOME", str(home)), ("HF_ENDPOINT", hub.endpoint), ("HF_HUB_OFFLINE", "0")):
            patch.setenv(name, value)
        yield hub
    assert not hub.errors, "\n".join(hub.errors)
