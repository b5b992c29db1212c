"""Errors of the hub's client as one line in plain words, without the token."""

from __future__ import annotations

import json
import re

from httpx2 import ConnectError, RequestError, TimeoutException, TransportError
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from toolkit.errors import HubError

TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_TOKENS = re.compile(r"hf_[A-Za-z0-9]{4,}|(?i:bearer)\s+[^\s'\"]+|://[^/\s:@]+:[^/\s@]+@")
# The client repeats these requests by itself; what it gives up on is not repeated again.
_REPEATED_BY_CLIENT = ("/preupload/", "/info/lfs/")
_LONGEST = 300

_MEANINGS = {
    400: "the hub refused what was sent",
    401: "the hub does not know this token; make a new one with write access and log in with `hf auth login`",
    402: "the plan of this account does not cover it; see its billing page, or publish under another owner",
    403: "the token may not do this; take one with write access to this repository",
    404: "the hub has no such repository for this token; check the name, and whether the token may see it",
    408: "the hub did not answer in time; try again later",
    409: "the hub says that this is there already, or is being changed",
    412: "the repository moved on meanwhile; push again",
    413: "this is more than the hub takes",
    422: "the hub refused what was sent",
    429: "the hub asks to wait; try again later",
}

_NO_OFFER = "this hub does not offer pull requests; without --create-pr a push makes a plain commit, with write access"
_NO_PULL_REQUEST = {
    403: "this token may not open a pull request here; take one with write access and leave out --create-pr, or one "
    "of an account that may",
    405: _NO_OFFER,
    501: _NO_OFFER,
}


def hub_error(error: BaseException, *, doing: str, where: str, token: str | None = None) -> HubError:
    """Word a failure: what was being done, what it means, what the server said.

    Args:
        error: what the client raised.
        doing: what was wanted, as in "while making the repository".
        where: the repository, or the endpoint.
        token: left out of the message wherever it stands.
    """
    meaning = _meaning(_root(error))
    return HubError(redacted(f"{meaning} (while {doing})", token), where=where)


def redacted(text: str, token: str | None = None) -> str:
    """Shorten a text to one line without tokens, those in a URL or a header included."""
    line = " ".join(text.split())
    if token:
        line = line.replace(token, "<token>")
    line = _TOKENS.sub("<token>", line)
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def is_transient(error: BaseException) -> bool:
    """Return whether the same request may succeed later, and the client has not repeated it by itself."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in TRANSIENT and not _repeated(str(error.response.url))
    if isinstance(error, TransportError):
        return not _repeated(_url(error))
    return False


def is_foreign(error: BaseException) -> bool:
    """Return whether the response is no JSON but a page, of a proxy or of a hub in trouble."""
    return isinstance(error, json.JSONDecodeError)


def wanted_pause(error: BaseException) -> float | None:
    """Return the seconds that the server asks to wait, or None."""
    header = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return float(header) if header.isdigit() else None


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of a failure, or None where there was no response."""
    return error.response.status_code if isinstance(error, HfHubHTTPError) else None


def _root(error: BaseException) -> BaseException:
    """Return the cause of a failure: failed uploads come wrapped."""
    while isinstance(error, RuntimeError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _meaning(error: BaseException) -> str:
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE=1 keeps the client from the hub; unset it to publish"
    if isinstance(error, HfHubHTTPError):
        return _answered(error)
    if is_foreign(error):
        return (
            "the answer is not the hub's: something between, such as the login page of a network or a proxy, "
            "answers in its place; open a web page to log in there, or check --endpoint"
        )
    if isinstance(error, ValueError):  # names, metadata and answers that the client itself refuses
        return str(error)
    return _unanswered(error)


def _answered(error: HfHubHTTPError) -> str:
    status, said = error.response.status_code, error.server_message
    if isinstance(error, GatedRepoError):
        meaning = "this repository is gated; ask for access on its page with the account of this token"
    elif isinstance(error, RevisionNotFoundError):
        meaning = "the repository has no such revision; check --revision"
    elif isinstance(error, RepositoryNotFoundError):
        meaning = _MEANINGS[404]
    elif status in _NO_PULL_REQUEST and "create_pr" in str(error.response.url):
        meaning = _NO_PULL_REQUEST[status]
    elif status in (405, 501):
        meaning = "this hub does not offer what was asked; check --endpoint"
    elif status >= 500:
        meaning = "the hub has a fault of its own; try again later"
    else:
        meaning = _MEANINGS.get(status, "the hub refused")
    return f"{meaning}; HTTP {status}" + (f": {said}" if said else "")


def _unanswered(error: BaseException) -> str:
    detail = str(error) or type(error).__name__
    if isinstance(error, ConnectError):
        return f"the hub cannot be reached; check the network and --endpoint: {detail}"
    if isinstance(error, TimeoutException):
        return "the hub did not answer in time; try again later"
    if isinstance(error, TransportError):
        return f"the connection to the hub broke; try again: {detail}"
    if isinstance(error, ConnectionError):  # the builtin one: uploads by another protocol
        return f"the upload failed; for a hub of your own start with HF_HUB_DISABLE_XET=1: {detail}"
    return f"{type(error).__name__}: {detail}"


def _url(error: TransportError) -> str:
    try:
        return str(error.request.url) if isinstance(error, RequestError) else ""
    except RuntimeError:  # no request is known
        return ""


def _repeated(url: str) -> bool:
    return any(part in url for part in _REPEATED_BY_CLIENT)
