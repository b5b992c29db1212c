"""The hub, as far as publishing needs it: one method a question or change, each failure one line.

Nothing else in the toolkit writes to a hub.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_session, get_token
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile

from toolkit.errors import HubError
from toolkit.hub.push.failures import hub_error, is_transient, status_of, wanted_pause
from toolkit.hub.push.manifest import ManifestFile
from toolkit.hub.push.remote_state import Account, Head, Past, Refs, RemoteFile
from toolkit.hub_protocol import plain_transfers

MAIN = "main"
PAUSES = (1.0, 2.0, 4.0, 8.0)
LONGEST_PAUSE = 60.0
ANSWER_SECONDS = 60.0
"""The client itself would wait without limit."""

_T = TypeVar("_T")


def find_token() -> str | None:
    """Return the token of the environment (``HF_TOKEN``) or of the library's own cache, and of nothing else."""
    return get_token()


def find_endpoint(given: str | None = None) -> str:
    """Return the hub's address without a final slash: as given, else ``HF_ENDPOINT``, else the public one."""
    return (given or os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


class Hub:
    """A hub that a token opens.

    Reads are repeated when a failure may pass; of what writes only that of which twice is the same as once. A commit
    is sent once: `toolkit.hub.push.send` looks at the repository before it sends it again.

    Args:
        endpoint: its address.
        token: never shown.
        pauses: seconds before each repetition; as many repetitions as pauses.
        kind: of the repositories: ``model`` or ``dataset``.
    """

    def __init__(self, endpoint: str, token: str, *, pauses: Sequence[float] = PAUSES, kind: str = "model") -> None:
        self.kind = kind
        self.endpoint = endpoint
        self.token = token
        self.pauses = tuple(pauses)
        self._api = HfApi(endpoint=endpoint, token=token, library_name="transfer-toolkit")

    def account(self) -> Account:
        """Return the owner of the token, and its rights.

        Raises:
            HubError: the token is not valid, or the hub does not answer.
        """
        who = self._ask("asking whose token it is", self.endpoint, self._api.whoami)
        try:
            organisations = {str(one["name"]): one.get("roleInOrg") for one in who.get("orgs") or ()}
            token = (who.get("auth") or {}).get("accessToken") or {}
            return Account(str(who["name"]), organisations, token.get("role"), _writes(token, user=str(who["name"])))
        except (KeyError, TypeError, AttributeError):
            raise HubError(
                "the answer about the token is not the hub's; check --endpoint", where=self.endpoint
            ) from None

    def head(self, repo_id: str, revision: str = MAIN) -> Head | None:
        """Return a repository at a revision with all its files; None where either is missing or not visible.

        Raises:
            HubError: the hub does not answer, or refuses.
        """
        doing = "reading the repository"
        try:
            info = self._ask(
                doing,
                repo_id,
                lambda: self._api.repo_info(repo_id, revision=revision, repo_type=self.kind),
                lets_through=(RepositoryNotFoundError, RevisionNotFoundError),
            )
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            if status_of(error) != 404 or isinstance(error, GatedRepoError):
                raise self.failed(error, doing, repo_id) from None
            return None
        files = self._ask(
            "listing the repository's files",
            repo_id,
            lambda: list(self._api.list_repo_tree(repo_id, recursive=True, revision=info.sha, repo_type=self.kind)),
        )
        listed = [_remote_file(file) for file in files if isinstance(file, RepoFile)]
        return Head(str(info.sha), info.private, {file.path: file for file in listed})

    def licence_of(self, dataset: str) -> str | None:
        """Return the licence on the card of a data set; None where it states none, or several.

        Raises:
            HubError: the hub does not answer, or refuses.
        """
        info = self._ask("reading the data set's card", dataset, lambda: self._api.dataset_info(dataset))
        stated = None if info.card_data is None else info.card_data.get("license")
        return stated if isinstance(stated, str) else None

    def history(self, repo_id: str, revision: str = MAIN) -> list[Past]:
        """Return the commits that led to a revision, the newest first.

        Raises:
            HubError: the hub does not answer, or refuses.
        """
        commits = self._ask(
            "reading the repository's history",
            repo_id,
            lambda: self._api.list_repo_commits(repo_id, revision=revision, repo_type=self.kind),
        )
        return [Past(commit.commit_id, commit.title, commit.message or "") for commit in commits]

    def refs(self, repo_id: str) -> Refs:
        """Return branches, tags and pull requests.

        Raises:
            HubError: the hub does not answer, or refuses.
        """
        refs = self._ask(
            "reading the repository's branches and tags",
            repo_id,
            lambda: self._api.list_repo_refs(repo_id, include_pull_requests=True, repo_type=self.kind),
        )
        named = (refs.branches, refs.tags, refs.pull_requests or [])
        branches, tags, requests = ({ref.name: ref.target_commit for ref in kind} for kind in named)
        return Refs(
            branches, tags, {ref.ref: ref.target_commit for ref in refs.pull_requests or []} if requests else {}
        )

    def create(self, repo_id: str, *, private: bool) -> None:
        """Make a repository; one that is there already is left as it is.

        Raises:
            HubError: the hub does not answer, or refuses.
        """
        self._ask(
            "making the repository",
            repo_id,
            lambda: self._api.create_repo(repo_id, private=private, exist_ok=True, repo_type=self.kind),
        )

    def branch(self, repo_id: str, name: str, *, commit: str) -> None:
        """Make a branch at a commit; one that is there already is left as it is.

        Raises:
            HubError: the hub does not answer, or refuses.
        """
        self._ask(
            f"making the branch {name}",
            repo_id,
            lambda: self._api.create_branch(repo_id, branch=name, revision=commit, exist_ok=True, repo_type=self.kind),
        )

    def tag(self, repo_id: str, name: str, *, commit: str) -> None:
        """Name a commit; the caller has seen that the name is free.

        Raises:
            HubError: the hub does not answer, or refuses.
        """
        self._ask(
            f"setting the tag {name}",
            repo_id,
            lambda: self._api.create_tag(repo_id, tag=name, revision=commit, exist_ok=True, repo_type=self.kind),
        )

    def commit(
        self,
        repo_id: str,
        additions: Sequence[ManifestFile],
        deletions: Sequence[str],
        *,
        parent: str,
        title: str,
        text: str,
        revision: str = MAIN,
        create_pr: bool = False,
    ) -> tuple[str, str | None]:
        """Send one commit on a parent, once.

        Args:
            additions: files that are new or changed.
            deletions: paths that go.
            parent: the commit that was read; the hub refuses the commit where another came between.

        Returns:
            The commit, and the reference of the pull request, if it is one.

        Raises:
            Exception: what the client raises; `failed` words it.
        """
        get_session().timeout = ANSWER_SECONDS
        operations = [CommitOperationAdd(file.path, file.source) for file in additions]
        removed = [CommitOperationDelete(path, is_folder=False) for path in deletions]
        with plain_transfers():
            info = self._api.create_commit(
                repo_id,
                [*operations, *removed],
                commit_message=title,
                commit_description=text,
                parent_commit=parent,
                revision=revision,
                create_pr=create_pr,
                repo_type=self.kind,
            )
        return str(info.oid), info.pr_revision

    def failed(self, error: BaseException, doing: str, where: str) -> HubError:
        """Turn what the client raised into one line without the token."""
        return hub_error(error, doing=doing, where=where, token=self.token)

    def pause(self, attempt: int, error: BaseException) -> bool:
        """Wait before a repetition, as long as the server asks; False: there have been enough of them."""
        if attempt >= len(self.pauses):
            return False
        asked = wanted_pause(error)
        if asked is not None and asked > LONGEST_PAUSE:
            return False
        time.sleep(self.pauses[attempt] if asked is None else asked)
        return True

    def _ask(
        self,
        doing: str,
        where: str,
        request: Callable[[], _T],
        *,
        lets_through: tuple[type[Exception], ...] = (),
    ) -> _T:
        attempt = 0
        while True:
            get_session().timeout = ANSWER_SECONDS
            try:
                return request()
            except lets_through:
                raise
            except Exception as error:  # the client's failures have no common base
                if is_transient(error) and self.pause(attempt, error):
                    attempt += 1
                    continue
                # What the server said can hold the token, so the client's own exception is not shown with ours.
                raise self.failed(error, doing, where) from None


def _writes(token: Mapping[str, Any], *, user: str) -> frozenset[str]:
    """Return what a fine-grained token may write to; the user's name stands for everything of the user's."""
    grained = token.get("fineGrained") or {}
    scoped = [one["entity"]["name"] for one in grained.get("scoped") or () if "repo.write" in one["permissions"]]
    return frozenset([*scoped, *([user] if "repo.write" in (grained.get("global") or ()) else [])])


def _remote_file(file: RepoFile) -> RemoteFile:
    oid = file.blob_id if file.lfs is None else file.lfs.sha256
    return RemoteFile(file.path, file.size, oid, large=file.lfs is not None)
