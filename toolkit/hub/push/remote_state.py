"""Answers of the hub: the owner of a token, the files and commits of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """Whose token it is.

    Attributes:
        name: of the user.
        organisations: their names, with the user's role in each, where the hub tells it.
        role: of the token: ``read``, ``write``, ``fineGrained``; None where the hub does not tell.
        writes: owners and repositories that a token of the role ``fineGrained`` may write to.
    """

    name: str
    organisations: Mapping[str, str | None]
    role: str | None
    writes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RemoteFile:
    """A file of a commit; `oid` is the SHA-256 of a large file, of all others git's own SHA-1."""

    path: str
    size: int
    oid: str
    large: bool


@dataclass(frozen=True)
class Head:
    """A repository at one commit.

    Attributes:
        commit: its 40 hex digits.
        private: whether the repository is; None where the hub does not tell.
        files: by path.
    """

    commit: str
    private: bool | None
    files: Mapping[str, RemoteFile]


@dataclass(frozen=True)
class Past:
    """A commit of a repository's history."""

    commit: str
    title: str
    text: str


@dataclass(frozen=True)
class Refs:
    """The names of a repository's commits, each with its commit."""

    branches: Mapping[str, str]
    tags: Mapping[str, str]
    pull_requests: Mapping[str, str]
