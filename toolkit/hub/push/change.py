"""The difference between a manifest and a repository: files to send, and files of earlier pushes to delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolkit.hub.push.manifest import Manifest, ManifestFile, is_ours
from toolkit.hub.push.remote_state import Head, Past, RemoteFile

MARK = "transfer-toolkit"
"""Stands in the title of every commit that a push makes."""

_LISTED = "- "  # before each file in a commit's description


@dataclass(frozen=True)
class Change:
    """The files of one commit."""

    additions: tuple[ManifestFile, ...] = ()
    deletions: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Return whether everything is there already."""
        return not self.additions and not self.deletions


NOTHING = Change()


def change_of(manifest: Manifest, head: Head, past: Iterable[Past]) -> Change:
    """Return the change that turns a repository into a manifest.

    Deleted is what earlier pushes listed and this one does not have, and what would be read as part of this model
    although it belongs to another: weights, settings, a tokenizer. All else that is there stays.

    Args:
        manifest: the files that shall be there.
        head: the repository.
        past: its commits; each push lists its files in its own.
    """
    additions = [file for file in manifest.files if not is_same(file, head.files.get(file.path))]
    listed = {path for commit in past if is_push(commit) for path in _listed(commit)}
    stale = {path for path in head.files if path in listed or is_ours(path)}
    return Change(tuple(additions), tuple(sorted(stale.difference(manifest.paths))))


def is_same(file: ManifestFile, there: RemoteFile | None) -> bool:
    """Return whether the repository has this file with this content."""
    if there is None or there.size != file.size:
        return False
    return there.oid == (file.sha256 if there.large else file.git_sha1())


def is_push(commit: Past) -> bool:
    """Return whether a push of the toolkit made this commit."""
    return MARK in commit.title


def listing(manifest: Manifest) -> str:
    """Write the description of a commit: the files of the push, and which of them were there already."""
    return "\n".join(["Files of this push:", "", *(_LISTED + path for path in manifest.paths)])


def _listed(commit: Past) -> Iterator[str]:
    for line in commit.text.splitlines():
        if line.startswith(_LISTED):
            yield line.removeprefix(_LISTED).strip()
