"""Proof that a published or saved model works for everybody: opened anew, asked again, compared."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from toolkit.errors import HubError
from toolkit.evaluation.proof.golden import check_golden
from toolkit.evaluation.proof.parity import Parity
from toolkit.hub.push.manifest import RUN_FILES
from toolkit.hub.verify.checks import Check, checks_of
from toolkit.hub.verify.fresh_process import replayed

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_REASONS = {
    "GatedRepoError": "the repository is gated; accept its terms on its page with the account of your token",
    "RevisionNotFoundError": "the repository has no such revision",
    "RepositoryNotFoundError": "there is no such repository, or your token may not read it; see `hf auth login`",
    "JSONDecodeError": "what answers there is no hub (a captive portal?); open a page in a browser, or mend --endpoint",
}


@dataclass(frozen=True)
class Verified:
    """The findings of a look from the outside.

    Attributes:
        repo: the repository, or the folder.
        revision: the commit that was looked at; None for a folder.
        checks: in the order in which they were made.
        parity: how well the golden rows' answers agree; None where there were none to compare.
    """

    repo: str
    revision: str | None
    checks: tuple[Check, ...]
    parity: Parity | None = field(default=None)

    @property
    def passed(self) -> bool:
        """Return whether no check failed; checks that could not be made do not count."""
        return all(check.passed is not False for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"repo", "revision", "passed", "checks": [{"name", "passed", "detail"}], "parity"}``."""
        return {
            "repo": self.repo,
            "revision": self.revision,
            "passed": self.passed,
            "checks": [vars(check) for check in self.checks],
            "parity": None if self.parity is None else self.parity.to_json(),
        }


def verify_folder(
    folder: Path,
    golden: Mapping[str, Any] | None,
    metrics: Mapping[str, Any] | None,
    *,
    card: str | None = None,
    base: Path | None = None,
    trust_code: bool = False,
) -> Verified:
    """Look at a model's folder from a fresh process without the toolkit.

    Args:
        folder: of the model or adapter.
        golden: the content of its ``golden.json``; None: there is none.
        metrics: the content of its ``metrics.json``, to compare the card with.
        card: its Markdown.
        base: for an adapter the folder of its base model; None: the one that it names, from the hub.
        trust_code: whether code in the folder that is not the toolkit's may run.

    Raises:
        HubError: if an adapter's base model is on the hub, and that cannot be reached.
        IntegrityError: if the fresh process dies.
    """
    offline = base is not None or not (folder / "adapter_config.json").is_file() or bool(constants.HF_HUB_OFFLINE)
    request = {
        "folder": str(folder.resolve()),
        "golden": golden,
        "base": None if base is None else str(base.resolve()),
        "trust": trust_code,
    }
    with replayed(request, offline=offline) as report:
        _raise_if_unreachable(report, where=str(folder))
        checks, parity = checks_of(report, metrics=metrics, card=card)
    return Verified(str(folder), None, checks, parity)


def verify_remote(
    repo_id: str,
    revision: str | None = None,
    *,
    endpoint: str | None = None,
    token: str | None = None,
    expected: Collection[str] | None = None,
    trust_code: bool = False,
) -> Verified:
    """Look at a repository from the outside: a fresh process, an empty cache, and nothing but what is there.

    Args:
        repo_id: ``owner/name``.
        revision: a branch, tag or commit; None: the main branch.
        endpoint: of the hub; None: the usual one.
        token: that may read it; None: it is public.
        expected: the files that were sent; None: those that a push sends are allowed.
        trust_code: whether code in the repository that is not the toolkit's may run.

    Raises:
        HubError: if the hub cannot be reached or does not give the repository.
        IntegrityError: if the fresh process dies.
    """
    where = repo_id if revision is None else f"{repo_id}@{revision}"
    if not _HUB_ID.fullmatch(repo_id):
        raise HubError("this is neither a folder nor a repository's name (owner/name)", where=where)
    if constants.HF_HUB_OFFLINE:
        raise HubError("HF_HUB_OFFLINE is set, so the hub is not asked; unset it to verify a repository", where=where)
    request = {"repo": repo_id, "revision": revision, "trust": trust_code}
    with replayed(request, offline=False, endpoint=endpoint, token=token) as report:
        _raise_if_unreachable(report, where=where)
        if report.get("golden") is not None:
            check_golden(report["golden"], where=where)
        folder = Path(report["folder"])
        metrics, card = _text(folder / "metrics.json"), _text(folder / "README.md")
        checks, parity = checks_of(
            report, metrics=_json(metrics), card=card, expected=expected, published=_is_ours(report["files"])
        )
    return Verified(repo_id, report["revision"], checks, parity)


def _is_ours(files: Collection[str]) -> bool:
    """Return whether the toolkit made a repository, so that all of its files can be expected."""
    return bool(set(RUN_FILES) & set(files))


def _raise_if_unreachable(report: Mapping[str, Any], *, where: str) -> None:
    told = report.get("hub")
    if told is None:
        return
    reason = next((_REASONS[kind] for kind in told["kinds"] if kind in _REASONS), None)
    if reason is None:
        status = f" (status {told['status']})" if told["status"] else ""
        reason = f"the hub cannot be reached{status}: {told['message']}"
    raise HubError(reason, where=where)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _json(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return {}
