"""The recipe and the figures of a run that was pushed, fetched from its repository."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError

from toolkit.errors import HubError, IntegrityError
from toolkit.hub.push.failures import hub_error
from toolkit.hub.push.preflight import check_name
from toolkit.hub.push.remote import ANSWER_SECONDS, find_endpoint, find_token
from toolkit.hub_protocol import plain_transfers
from toolkit.trials.finished import METRICS_FILE, RECIPE_FILE


def fetch_recorded(name: str, into: Path, *, endpoint: str | None = None) -> str:
    """Download recipe and figures of a pushed run.

    Args:
        name: ``owner/name``, or ``owner/name@revision``.
        into: a folder, which gets the two files.
        endpoint: of the hub; None takes ``HF_ENDPOINT``, or the public one.

    Returns:
        The commit.

    Raises:
        HubError: the hub cannot be reached, or has no such repository for this token.
        IntegrityError: no run was pushed there.
    """
    repo_id, _, revision = name.partition("@")
    check_name(repo_id)
    if constants.HF_HUB_OFFLINE:
        raise HubError("there is no such run folder, and HF_HUB_OFFLINE=1 keeps the hub from being asked", where=name)
    address, token = find_endpoint(endpoint), find_token()
    try:
        api = HfApi(endpoint=address, token=token)
        commit = str(api.model_info(repo_id, revision=revision or None, timeout=ANSWER_SECONDS).sha)
        for file in (RECIPE_FILE, METRICS_FILE):
            with plain_transfers():
                hf_hub_download(repo_id, file, revision=commit, local_dir=into, endpoint=address, token=token)
    except EntryNotFoundError:
        found = f"no run was pushed there: it has no {RECIPE_FILE} and {METRICS_FILE}"
        raise IntegrityError(found, where=name) from None
    except Exception as error:  # the client's failures have no common base, and can hold the token
        raise hub_error(error, doing="reading the repository", where=name, token=token) from None
    return commit
