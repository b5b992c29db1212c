"""A run on the hub: checked, sent as one commit, and opened from there again, as anyone would."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.adapters import locate_model
from toolkit.errors import Fault, IntegrityError, RecipeError
from toolkit.hub.push.collect import collect
from toolkit.hub.push.manifest import CARD, Manifest
from toolkit.hub.push.preflight import check_account, check_files, check_name, open_hub
from toolkit.hub.push.remote import MAIN, Hub
from toolkit.hub.push.secrets import refuse_secrets
from toolkit.hub.push.send import Pushed, Target, push
from toolkit.hub.push.source import Source, find_source
from toolkit.hub.verify.verdict import Verified, verify_folder, verify_remote
from toolkit.progress import say
from toolkit.workflow.little_memory import memory_told, smaller_model


@dataclass(frozen=True)
class Published:
    """What a push left on the hub.

    Attributes:
        repo_id: ``owner/name``.
        commit: the 40 hex digits of the commit.
        url: of that commit, or of the pull request.
        files: paths of the model's files there.
        bytes: of those files together.
        sent: those that were new or changed; none where everything was there already.
        deleted: files of earlier pushes that no longer belong.
        verified: what a fresh process found that downloaded it.
        remarks: what was decided on the way, and what could not be checked.
    """

    repo_id: str
    commit: str
    url: str
    files: tuple[str, ...]
    bytes: int
    sent: tuple[str, ...]
    deleted: tuple[str, ...]
    verified: Verified
    remarks: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Return whether the published model works."""
        return self.verified.passed

    def to_json(self) -> dict[str, Any]:
        """Return everything, for ``--json``."""
        lists = {name: list(getattr(self, name)) for name in ("files", "sent", "deleted", "remarks")}
        return {**vars(self), **lists, "verified": self.verified.to_json()}


@memory_told(smaller_model)
def publish(
    model: str,
    repo_id: str | None = None,
    *,
    public: bool | None = None,
    create_pr: bool = False,
    revision: str = MAIN,
    tag: str | None = None,
    merged: bool = False,
    rebase: bool = False,
    language: str | None = None,
    endpoint: str | None = None,
    trust_code: bool = False,
) -> Published:
    """Publish a run, or a model's folder, and prove that what is there gives the same answers.

    Everything is checked before a byte is sent. A push that finds all its files there makes no commit.

    Args:
        model: a run folder, or a model's folder in the library's layout.
        repo_id: ``owner/name``; None takes the recipe's.
        public: make the repository public; None takes the recipe's, which is private if it does not say.
        create_pr: propose it as a pull request.
        revision: the branch.
        tag: a name for the commit.
        merged: send the merged model instead of the adapter.
        rebase: go on where somebody else's commit is in the way.
        language: of the card's own words, ``en`` or ``ko``; None keeps that of the run's card.
        endpoint: of the hub; None takes ``HF_ENDPOINT``, or the public one.
        trust_code: whether code in the folder that is not the toolkit's may run to verify it.

    Raises:
        HubError: no token, no right to write, a name that is taken, or a hub that refuses or fails.
        IntegrityError: the run is not finished or not what it was, a secret stands in a file, the card is not
            sound, or the files do not give the run's answers.
        RecipeError: no repository is named, or options exclude each other.
    """
    if create_pr and revision != MAIN:
        raise RecipeError("a pull request is made to main; leave out --revision or --create-pr")
    source = find_source(model, merged=merged)
    name = _repository(repo_id or source.hub.repo_id)
    is_public = not source.hub.private if public is None else public
    hub = open_hub(endpoint)
    name = check_account(hub, name, create_pr=create_pr)
    manifest, remarks = collect(source, repo_id=name, language=language)
    check_files(manifest, public=is_public)
    refuse_secrets(manifest, token=hub.token)
    say(f"{len(manifest.files)} files, {manifest.size:,} bytes; opening them as anyone would")
    _replay(source, manifest, trust_code=trust_code)
    target = Target(name, not is_public, revision, create_pr, tag, rebase)
    pushed = push(hub, manifest, target, name=name.rpartition("/")[2])
    say(f"commit {pushed.commit} is there; downloading it into an empty folder")
    return _published(hub, target, manifest, pushed, remarks=remarks, trust_code=trust_code)


def _repository(name: str | None) -> str:
    if not name:
        raise RecipeError("no repository is named; write it behind the run as owner/name, or as hub.repo_id")
    check_name(name)
    return name


def _replay(source: Source, manifest: Manifest, *, trust_code: bool) -> None:
    """Refuse files that do not open without the toolkit, or do not give the run's answers."""
    card = manifest.content(CARD)
    base = None
    if source.base is not None:
        base = locate_model("@".join(filter(None, source.base))).folder
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="push-")))
        _lay_out(manifest, folder)
        verified = verify_folder(
            folder,
            manifest.json("golden.json"),
            manifest.json("metrics.json"),
            card=None if card is None else card.decode("utf-8", "replace"),
            base=base,
            trust_code=trust_code,
        )
    faults = [
        Fault(f"{check.name}: {check.detail}", str(source.folder)) for check in verified.checks if check.passed is False
    ]
    if faults:
        raise IntegrityError(*faults, Fault("nothing was sent", str(source.folder)))


def _lay_out(manifest: Manifest, folder: Path) -> None:
    """Write the files as they will be in the repository; weights are linked where the disk allows it."""
    for file in manifest.files:
        place = folder / file.path
        if isinstance(file.source, bytes):
            place.write_bytes(file.source)
            continue
        try:
            os.link(file.source, place)
        except OSError:
            shutil.copyfile(file.source, place)


def _published(
    hub: Hub, target: Target, manifest: Manifest, pushed: Pushed, *, remarks: tuple[str, ...], trust_code: bool
) -> Published:
    verified = verify_remote(
        target.repo_id,
        pushed.commit,
        endpoint=hub.endpoint,
        token=hub.token,
        expected=pushed.files,
        trust_code=trust_code,
    )
    url = f"{hub.endpoint}/{target.repo_id}"
    number = (pushed.pull_request or "").rpartition("/")[2]
    return Published(
        target.repo_id,
        pushed.commit,
        f"{url}/discussions/{number}" if number else f"{url}/commit/{pushed.commit}",
        manifest.paths,
        manifest.size,
        pushed.sent,
        pushed.deleted,
        verified,
        remarks,
    )
