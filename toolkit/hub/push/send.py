"""One commit with exactly the files of a manifest, on the parent that was read; what is there already is not sent.

A commit whose answer is lost may have landed. So after any failure the repository is read again: it is then at the old
commit, at ours, or at somebody else's, and only in the first case is ours sent again, on the same parent, which the hub
takes once.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit import __version__
from toolkit.errors import HubError, IntegrityError, ToolkitError
from toolkit.hub.push.change import MARK, NOTHING, Change, change_of, is_push, is_same, listing
from toolkit.hub.push.failures import is_foreign, is_transient
from toolkit.hub.push.manifest import Manifest
from toolkit.hub.push.remote import MAIN, Hub
from toolkit.hub.push.remote_state import Head, Past
from toolkit.progress import say, warn

_PRISTINE = frozenset({".gitattributes", "README.md", "LICENSE"})
_MOST_MOVES = 3


@dataclass(frozen=True)
class Target:
    """The target of a push.

    Attributes:
        repo_id: ``owner/name``.
        private: what a repository that is made becomes.
        revision: the branch; made where it is not there.
        create_pr: propose the commit as a pull request.
        tag: a name for the commit.
        rebase: go on where somebody else's commit is in the way: on top of it, and over files of the same names.
    """

    repo_id: str
    private: bool = True
    revision: str = MAIN
    create_pr: bool = False
    tag: str | None = None
    rebase: bool = False


@dataclass(frozen=True)
class Pushed:
    """The state of the repository after a push.

    Attributes:
        commit: with all files of the manifest.
        sent: the files that this push had to send; none, and none deleted: it made no commit.
        deleted: files of earlier pushes that it took away.
        files: all that are there.
        pull_request: the reference of the pull request, if it is one.
    """

    commit: str
    sent: tuple[str, ...]
    deleted: tuple[str, ...]
    files: tuple[str, ...]
    pull_request: str | None = None


def push(hub: Hub, manifest: Manifest, target: Target, *, name: str) -> Pushed:
    """Bring a repository to the files of a manifest.

    Args:
        hub: where it is.
        manifest: all files; those of earlier pushes that are not in it are deleted by the same commit.
        target: which repository, and how.
        name: of the model, for the title of the commit.

    Raises:
        HubError: the hub refuses or fails, the repository is not ours to write over, or somebody else was faster.
        IntegrityError: what is there afterwards is not what was sent.
    """
    head = _begin(hub, target)
    first: Change | None = None
    attempts = moves = 0
    while True:
        past = hub.history(target.repo_id, target.revision)
        change = change_of(manifest, head, past)
        first, tried = first or change, first is not None
        there = (None, head) if change.is_nothing else _proposed(hub, manifest, target, head)
        if there is not None:
            return _finish(hub, manifest, target, there[1], first if tried else NOTHING, pull_request=there[0])
        _check_tag_is_free(hub, target)
        _refuse_foreign(head, past, target)
        try:
            return _send(hub, manifest, target, head, change, name=name)
        except ToolkitError:
            raise
        except Exception as error:  # the client's failures have no common base
            now = _must_be_there(hub, target)
            if now.commit == head.commit:
                _wait(hub, error, attempts, target)
                attempts += 1
            elif not change_of(manifest, now, past).is_nothing:  # else it is ours: it landed, and the answer was lost
                moves += 1
                if not target.rebase or moves > _MOST_MOVES:
                    raise _moved(head, now, target) from None
            head = now


def _wait(hub: Hub, error: Exception, attempts: int, target: Target) -> None:
    """Wait before the commit is sent again, or give up."""
    passes = is_transient(error) or is_foreign(error)
    if not passes or not hub.pause(attempts, error):
        # What the server said can hold the token, so the client's own exception is not shown with ours.
        raise hub.failed(error, "sending the commit", target.repo_id) from None


def _begin(hub: Hub, target: Target) -> Head:
    """Return the repository as it is; create it and its branch where they are missing."""
    main = hub.head(target.repo_id)
    if main is None:
        if target.create_pr:
            raise HubError(
                "there is no such repository to propose this to; leave out --create-pr", where=target.repo_id
            )
        hub.create(target.repo_id, private=target.private)
        main = _must_be_there(hub, Target(target.repo_id))
    elif main.private is False and target.private and not target.create_pr:
        raise HubError(
            "this repository is public; --public says that this is meant, or make it private on its page",
            where=target.repo_id,
        )
    elif main.private and not target.private:
        warn(f"{target.repo_id} is private and stays so; make it public on its page")
    if target.revision == MAIN:
        return main
    if (head := hub.head(target.repo_id, target.revision)) is not None:
        return head
    hub.branch(target.repo_id, target.revision, commit=main.commit)
    return _must_be_there(hub, target)


def _must_be_there(hub: Hub, target: Target) -> Head:
    head = hub.head(target.repo_id, target.revision)
    if head is None:
        raise HubError("the hub has no such repository for this token, though it was there", where=target.repo_id)
    return head


def _refuse_foreign(head: Head, past: list[Past], target: Target) -> None:
    """Stop where the latest commit is somebody else's, or another tool's: a person has to look at it first."""
    if target.rebase or not past or is_push(past[0]) or _PRISTINE.issuperset(head.files):
        return
    raise HubError(
        f"its latest commit {past[0].commit[:12]} ({past[0].title[:60]!r}) is none of the toolkit's; look at it, then "
        "take another name, --create-pr, or --rebase, which goes on top of it and over files of the same names",
        where=target.repo_id,
    )


def _send(hub: Hub, manifest: Manifest, target: Target, head: Head, change: Change, *, name: str) -> Pushed:
    say(f"sending {len(change.additions)} files, {sum(file.size for file in change.additions):,} bytes")
    commit, pull_request = hub.commit(
        target.repo_id,
        change.additions,
        change.deletions,
        parent=head.commit,
        title=f"Push {name} with {MARK} {__version__}",
        text=listing(manifest),
        revision=target.revision,
        create_pr=target.create_pr,
    )
    made = hub.head(target.repo_id, commit)
    if made is None:
        raise HubError(f"the hub has no commit {commit}, which it said it made; push again", where=target.repo_id)
    return _finish(hub, manifest, target, made, change, pull_request=pull_request)


def _finish(
    hub: Hub, manifest: Manifest, target: Target, made: Head, change: Change, *, pull_request: str | None
) -> Pushed:
    """Look at what is there after a change, and tag it."""
    different = [file.path for file in manifest.files if not is_same(file, made.files.get(file.path))]
    if different:
        raise IntegrityError(
            f"commit {made.commit} does not hold what was sent: {', '.join(different[:5])}; was a file changed "
            "meanwhile, or does the repository have a .gitignore? push again",
            where=target.repo_id,
        )
    if target.tag is not None:
        _check_tag_is_free(hub, target, unless=made.commit)
        hub.tag(target.repo_id, target.tag, commit=made.commit)
    sent = tuple(file.path for file in change.additions)
    return Pushed(made.commit, sent, change.deletions, tuple(sorted(made.files)), pull_request)


def _check_tag_is_free(hub: Hub, target: Target, *, unless: str | None = None) -> None:
    if target.tag is None:
        return
    tagged = hub.refs(target.repo_id).tags.get(target.tag)
    if tagged is not None and tagged != unless:
        raise HubError(
            f"the tag {target.tag} is there, at commit {tagged}, and tags do not move; take another --tag",
            where=target.repo_id,
        )


def _proposed(hub: Hub, manifest: Manifest, target: Target, head: Head) -> tuple[str, Head] | None:
    """Find a pull request on this commit with all these files: its response was lost, or it was proposed before."""
    if not target.create_pr:
        return None
    for reference in hub.refs(target.repo_id).pull_requests:
        line = hub.history(target.repo_id, reference)
        if len(line) < 2 or line[1].commit != head.commit:
            continue
        proposed = hub.head(target.repo_id, reference)
        if proposed is not None and change_of(manifest, proposed, line).is_nothing:
            return reference, proposed
    return None


def _moved(head: Head, now: Head, target: Target) -> HubError:
    return HubError(
        f"somebody else was faster: {target.revision} was read at {head.commit} and is now at {now.commit}; nothing "
        "was written; look at what came, then --rebase puts this on top of it",
        where=target.repo_id,
    )
