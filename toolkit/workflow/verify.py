"""A run, a model's folder or a repository, looked at from the outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toolkit.adapters import locate_model
from toolkit.adapters.adapter_folder import SETTINGS as ADAPTER_SETTINGS
from toolkit.errors import IntegrityError, RecipeError
from toolkit.evaluation.proof.golden import GOLDEN_FILE, read_golden
from toolkit.files import read_json
from toolkit.hub.push.remote import find_endpoint, find_token
from toolkit.hub.verify.verdict import Verified, verify_folder, verify_remote
from toolkit.progress import say
from toolkit.trials.finished import METRICS_FILE
from toolkit.trials.subject import find_subject
from toolkit.workflow.little_memory import memory_told, smaller_model


@memory_told(smaller_model)
def verify(
    target: str, *, revision: str | None = None, endpoint: str | None = None, trust_code: bool = False
) -> Verified:
    """Open a model in a fresh process without the toolkit, and compare its answers with those that were kept.

    Args:
        target: a run folder, a folder with a model or an adapter, or a repository, perhaps ``owner/name@revision``.
        revision: of a repository; None: what `target` says, or its main branch.
        endpoint: of the hub; None: the usual one.
        trust_code: whether code that comes with the model and is not the toolkit's own may run.

    Raises:
        RecipeError: if a revision is given for a folder, or the run has no model of its own.
        HubError: if the hub cannot be reached, or has no such repository.
        IntegrityError: if a file that is compared with is damaged.
    """
    folder = Path(target).expanduser()
    subject = find_subject(target)
    if subject.untrained is not None:
        raise RecipeError("this run asked a pretrained model as it is and has none of its own to verify", where=target)
    if not folder.is_dir():
        repo_id, _, named = target.partition("@")
        say(f"verifying {target} in a fresh process")
        return verify_remote(
            repo_id,
            revision or named or None,
            endpoint=find_endpoint(endpoint),
            token=find_token(),
            trust_code=trust_code,
        )
    if revision is not None:
        raise RecipeError("this is a folder, which has no revisions; leave it out", where="--revision")
    say(f"verifying {target} in a fresh process")
    model, card = Path(subject.model).expanduser(), folder / "README.md"
    return verify_folder(
        model,
        read_golden(folder / GOLDEN_FILE),
        _metrics(folder / METRICS_FILE),
        card=card.read_text(encoding="utf-8", errors="replace") if card.is_file() else None,
        base=_local_base(model),
        trust_code=trust_code,
    )


def _metrics(path: Path) -> Any:
    try:
        metrics = read_json(path) if path.is_file() else None
    except ValueError as error:
        raise IntegrityError("this file is damaged", where=str(path)) from error
    if metrics is not None and not isinstance(metrics, dict):
        raise IntegrityError("this file is damaged", where=str(path))
    return metrics


def _local_base(folder: Path) -> Path | None:
    """Return the folder of an adapter's base model on this machine; None where the folder is no adapter."""
    settings = folder / ADAPTER_SETTINGS
    if not settings.is_file():
        return None
    try:
        named = read_json(settings)
        base, revision = str(named["base_model_name_or_path"]), named.get("revision")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"{ADAPTER_SETTINGS} is damaged", where=str(folder)) from error
    is_here = base.startswith("packaged:") or Path(base).is_dir()
    return locate_model(base if is_here or revision is None else f"{base}@{revision}").folder
