"""A push in a process of its own, to be killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from push_cases import REPO, manifest_of

from toolkit.hub.push.remote import Hub
from toolkit.hub.push.send import Target, push


def push_folder(endpoint: str, token: str, folder: str) -> None:
    """Push all files of a folder. The process knows no other hub, whatever the one that it was forked from knew."""
    from huggingface_hub import constants

    constants.HF_HUB_OFFLINE, constants.ENDPOINT = False, endpoint
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    push(Hub(endpoint, token, pauses=(0.0,)), manifest_of(files), Target(REPO), name="model")
