"""Checks before a byte is sent, and before hours of training that should end in a push."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from toolkit.errors import Fault, HubError, IntegrityError, explain
from toolkit.hub.card.check import check_card
from toolkit.hub.card.known import language_fault, licence_fault
from toolkit.hub.push.manifest import CARD, Manifest
from toolkit.hub.push.remote import Hub, find_endpoint, find_token
from toolkit.hub.push.remote_state import Account
from toolkit.progress import warn
from toolkit.recipe.schema import HubSection

LARGEST_FILE = 50_000_000_000
"""Bytes; the hub takes no larger file, and advises shards of a tenth of it."""

_READERS = frozenset({"read"})
_FRONT_MATTER = re.compile(r"^\s*---\s*\n(.*?)\n---\s*(\n|$)", re.DOTALL)
_NAME = (
    "write owner/name, at most 96 letters a to z, digits, '-', '_' and '.', none of these at an end and not twice in a "
    "row, without .git"
)
_LOGIN = "make one with write access at {}/settings/tokens, then `hf auth login`, or set HF_TOKEN"


def open_hub(endpoint: str | None = None, *, kind: str = "model") -> Hub:
    """Open the hub with the token of the environment or of the library's cache.

    Raises:
        HubError: there is no token, or ``HF_HUB_OFFLINE=1``.
    """
    address = find_endpoint(endpoint)
    if constants.HF_HUB_OFFLINE:
        raise HubError("HF_HUB_OFFLINE=1 keeps the client from the hub; unset it to publish", where=address)
    token = find_token()
    if token is None:
        raise HubError(f"there is no token; {_LOGIN.format(address)}", where=address)
    return Hub(address, token, kind=kind)


def check_name(repo_id: str) -> None:
    """Refuse what can be no repository.

    Raises:
        HubError: with what a name may be.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError:
        raise HubError(explain("this is no repository's name", fix=_NAME), where=repo_id) from None


def check_account(hub: Hub, repo_id: str, *, create_pr: bool = False) -> str:
    """Refuse a token that may not write there.

    Args:
        hub: with the token.
        repo_id: ``owner/name``, or a name of the token's user.
        create_pr: everybody who reads a repository may propose something to it.

    Returns:
        ``owner/name``.

    Raises:
        HubError: the token is not valid or only reads, or the owner is somebody else.
    """
    check_name(repo_id)
    account = hub.account()
    owner, _, name = repo_id.rpartition("/")
    full = f"{owner or account.name}/{name}"
    if account.role in _READERS:
        hindrance: str | None = "this token only reads"
    else:
        hindrance = None if create_pr else _hindrance(account, full)
    if hindrance is not None:
        raise HubError(f"{hindrance}; {_fix(account, hub.endpoint)}", where=full)
    return full


def check_files(manifest: Manifest, *, public: bool) -> None:
    """Refuse a card that says too little or what nobody should read, and files that the hub does not take.

    Raises:
        IntegrityError: with everything that is wrong.
    """
    card = manifest.content(CARD)
    faults = [] if card is None else list(check_card(card.decode("utf-8", "replace")))
    if public:
        faults += _lacking(card)
    faults += [
        Fault(f"{file.size:,} bytes are more than the hub takes in one file; save the model in shards", file.path)
        for file in manifest.files
        if file.size > LARGEST_FILE
    ]
    if faults:
        raise IntegrityError(*faults)


def check_before_training(section: HubSection, *, endpoint: str | None = None) -> None:
    """Find before a run what would keep its model from being published; nothing where the recipe names no repository.

    A hub that is not to be reached now may be later: that is a warning.

    Raises:
        HubError: no token, one that may not write there, or a name or licence that the hub does not take.
    """
    if section.repo_id is None:
        return
    check_name(section.repo_id)
    found = [("hub.license", None if section.license is None else licence_fault(section.license))]
    found += [("hub.language", language_fault(code)) for code in section.language]
    if faults := [Fault(message, where) for where, message in found if message]:
        raise HubError(*faults)
    if constants.HF_HUB_OFFLINE:
        warn("hub: HF_HUB_OFFLINE=1, so whether this may be published was not checked")
        return
    hub = open_hub(endpoint)
    hub.pauses = ()
    try:
        check_account(hub, section.repo_id)
    except HubError as error:
        if "cannot be reached" not in str(error) and "in time" not in str(error):
            raise
        warn(f"{error}; the run goes on")


def _hindrance(account: Account, repo_id: str) -> str | None:
    owner = repo_id.partition("/")[0]
    if account.role == "fineGrained":
        may = owner in account.writes or repo_id in account.writes
        return None if may else f"this token may not write to {repo_id}"
    if owner == account.name:
        return None
    if owner not in account.organisations:
        return f"{owner} is neither the user of this token ({account.name}) nor one of its organisations"
    return f"{account.name} only reads in {owner}" if account.organisations[owner] in _READERS else None


def _fix(account: Account, endpoint: str) -> str:
    owners = [account.name, *(name for name, role in account.organisations.items() if role not in _READERS)]
    return f"take another token ({_LOGIN.format(endpoint)}), or an owner of this one: {', '.join(owners)}"


def _lacking(card: bytes | None) -> list[Fault]:
    """Check what a public card needs: that it is there, and that it states a licence."""
    if card is None:
        return [Fault("there is no card, and what is public needs one; write README.md", CARD)]
    found = _FRONT_MATTER.match(card.decode("utf-8", "replace"))
    try:
        metadata: Mapping[str, Any] = (yaml.safe_load(found[1]) if found else None) or {}
    except (yaml.YAMLError, ValueError, OverflowError):
        return []  # `check_card` has said it
    needed = {
        "license": "the licence is not stated, and without one nobody may use the model; write hub.license, "
        "such as apache-2.0",
        "language": "the language of the texts is not stated; write hub.language, such as [en]",
    }
    return [Fault(f"{what} in the recipe", CARD) for key, what in needed.items() if not metadata.get(key)]
