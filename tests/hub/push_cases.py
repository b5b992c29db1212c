"""What the tests of pushing send, and how they look at what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolkit.hub.push.change import MARK
from toolkit.hub.push.manifest import Manifest, made_file
from toolkit.hub.push.remote import Hub
from toolkit.hub.push.send import Pushed, Target, push

REPO = "alice/model"
CARD = b"---\nlicense: mit\nlanguage: ko\n---\n# A card\n"
FILES = {
    "README.md": CARD,
    "config.json": b'{"model_type": "bert"}',
    "golden.json": '{"text": "영화"}'.encode(),
    "model.safetensors": bytes(range(256)) * 40,
    "tokenizer.json": b'{"version": "1.0"}',
}


def manifest_of(files: dict[str, bytes]) -> Manifest:
    return Manifest(tuple(made_file(path, content) for path, content in sorted(files.items())))


def client(hub: Any, *, token: str | None = None, pauses: tuple[float, ...] = (0.0,) * 4) -> Hub:
    return Hub(hub.endpoint, token or hub.token, pauses=pauses)


def send(
    hub: Any, files: dict[str, bytes] = FILES, *, repo: str = REPO, token: str | None = None, **how: Any
) -> Pushed:
    return push(client(hub, token=token), manifest_of(files), Target(repo, **how), name="model")


def pushes(hub: Any, revision: str = "main", *, repo: str = REPO) -> int:
    """Commits of ours that led there."""
    return sum(MARK in commit.title for commit in hub.repos[repo].history(revision))


def remote(hub: Any, revision: str = "main", *, repo: str = REPO) -> dict[str, bytes]:
    """What is there, but for what the hub itself put there."""
    files = hub.repos[repo].files(revision)
    files.pop(".gitattributes")
    return files


def tree(folder: Path, files: dict[str, bytes]) -> Path:
    """Files on disk."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder
