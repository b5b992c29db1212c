"""What the tests of the loopback Hub push to it, and how they look at what came of it."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import CommitOperationAdd, snapshot_download

REPO = "alice/model"
CARD = "---\nlicense: mit\npipeline_tag: text-classification\ntags: [영화]\n---\n# A card\n".encode()
FILES = {
    "README.md": CARD,
    "config.json": b'{"a": 1}',
    "empty.txt": b"",
    "model.safetensors": bytes(range(256)) * 50,  # by name; in three parts
    "onnx/model.data": b"\0\1\2",  # binary
    "vocab.txt": "영화\n".encode() * 300,  # large
}
LARGE = {"model.safetensors", "onnx/model.data", "vocab.txt"}


def commit(api, files, **how):
    adds = [CommitOperationAdd(path, data) for path, data in files.items()]
    return api.create_commit(REPO, adds, commit_message=how.pop("title", "all files"), **how)


def downloaded(hub, cache, **how):
    folder = Path(snapshot_download(REPO, endpoint=hub.endpoint, token=hub.token, cache_dir=cache, **how))
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files.pop(".gitattributes")
    return files


def titles(repo, revision="main"):
    return [commit.title for commit in repo.history(revision)]
