"""Repositories of the loopback Hub, held in memory: contents, commits that never change, who may read and write."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from loopback_wire import Refusal

GITATTRIBUTES = "".join(
    f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
    for pattern in ("*.bin", "*.gz", "*.h5", "*.onnx", "*.pt", "*.safetensors", "*.zip")
)


@dataclass(frozen=True)
class Blob:
    """A file's content, and whether it is kept in large file storage, with a pointer in the repository."""

    data: bytes
    lfs: bool = False

    @cached_property
    def sha256(self) -> str:
        """What large files are named by."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def pointer(self) -> bytes:
        """What git holds instead of a large file."""
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n".encode()

    @cached_property
    def git_oid(self) -> str:
        """Git's name of what git holds."""
        held = self.pointer if self.lfs else self.data
        return hashlib.sha1(b"blob %d\0" % len(held) + held).hexdigest()

    @property
    def etag(self) -> str:
        """What tells a client whether it has this content: SHA-256 of a large file, git's name of another."""
        return self.sha256 if self.lfs else self.git_oid


@dataclass(frozen=True)
class Commit:
    """One commit with all files that the repository has at it."""

    oid: str
    parent: str | None
    title: str
    description: str
    author: str
    date: datetime
    files: Mapping[str, Blob]


@dataclass
class Repo:
    """A repository, of a data set if its id begins with ``datasets/``.

    ``commits`` only grows, ``branches`` (pull requests as ``refs/pr/N``) and ``tags`` move.
    """

    id: str
    private: bool = False
    gated: str | bool = False
    granted: set[str] = field(default_factory=set)
    commits: list[Commit] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """User or organization."""
        return self.id.removeprefix("datasets/").split("/")[0]

    def at(self, revision: str = "main") -> Commit:
        """The commit that a branch, a tag, a pull request, an oid or its first seven letters or more stand for."""
        oid = self.branches.get(revision) or self.tags.get(revision) or revision
        for commit in self.commits:
            if commit.oid == oid or (len(oid) >= 7 and commit.oid.startswith(oid)):
                return commit
        raise Refusal(404, f"Invalid rev id: {revision}", code="RevisionNotFound")

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """Contents by path, as a test compares them."""
        return {path: blob.data for path, blob in self.at(revision).files.items()}

    def history(self, revision: str = "main") -> list[Commit]:
        """The commits that lead to a revision, the newest first."""
        line = [self.at(revision)]
        while line[-1].parent is not None:
            line.append(self.at(line[-1].parent))
        return line

    def commit(
        self, branch: str, files: Mapping[str, Blob], *, parent: str | None, title: str, text: str = "", author: str
    ) -> Commit:
        """Adds a commit with these files and moves the branch to it."""
        number = len(self.commits)
        tree = [f"{path}={blob.git_oid}" for path, blob in sorted(files.items())]
        oid = hashlib.sha1("\0".join([self.id, str(number), str(parent), title, text, *tree]).encode()).hexdigest()
        date = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        commit = Commit(oid, parent, title, text, author, date, MappingProxyType(dict(files)))
        self.commits.append(commit)
        self.branches[branch] = oid
        return commit


@dataclass(frozen=True)
class Token:
    """An access token. ``role`` is "read", "write" or "fineGrained"; the last writes only to ``writes``.

    ``orgs`` names the organizations of the user and what the user is there; ``writes`` holds owners and repositories.
    """

    user: str
    role: str = "write"
    orgs: Mapping[str, str] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    expired: bool = False
    # Made up anew each time: no file holds anything that looks like a token.
    value: str = field(default_factory=lambda: "hf_" + secrets.token_hex(17))

    def may_read(self, repo: Repo) -> bool:
        """Whether a private repository exists for this token."""
        return repo.owner in {self.user, *self.orgs} and (self.role != "fineGrained" or self.may_write(repo.id))

    def may_write(self, repo_id: str) -> bool:
        """Whether the token changes this repository or makes it."""
        owner = repo_id.removeprefix("datasets/").split("/")[0]
        if self.role == "fineGrained":
            return owner in self.writes or repo_id in self.writes
        return self.role == "write" and (owner == self.user or self.orgs.get(owner) in {"write", "admin"})

    def who(self) -> dict[str, Any]:
        """The answer of ``/api/whoami-v2``."""
        access: dict[str, Any] = {"displayName": f"{self.role} token", "role": self.role}
        if self.role == "fineGrained":
            may = ["repo.content.read", "repo.write"]
            scoped = [{"entity": self._entity(name), "permissions": may} for name in self.writes]
            access["fineGrained"] = {"canReadGatedRepos": False, "global": [], "scoped": scoped}
        orgs = [{"type": "org", "name": name, "fullname": name, "roleInOrg": role} for name, role in self.orgs.items()]
        auth = {"type": "access_token", "accessToken": access}
        return {"type": "user", "id": "0" * 24, "name": self.user, "fullname": self.user, "orgs": orgs, "auth": auth}

    def _entity(self, name: str) -> dict[str, str]:
        kind = "model" if "/" in name else "user" if name == self.user else "org"
        return {"_id": "0" * 24, "type": kind, "name": name}
