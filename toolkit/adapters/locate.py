"""The folder of a model on this machine, found by its name.

A name is ``packaged:<name>``, a local folder or GGUF file, or a hub id ``org/name[@revision]`` (docs/design.md,
section 4.2). All that follows reads a plain folder, so no later stage uses the network.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from toolkit.adapters.convert_gguf import SUFFIX, converted_gguf
from toolkit.adapters.warm_start import warm_started
from toolkit.data.packaged import PACKAGED_MODELS, Form, carried_path, packaged_model
from toolkit.errors import HubError, IntegrityError, explain, nearest
from toolkit.files import meant_folder
from toolkit.hub_protocol import plain_transfers
from toolkit.recipe.where_from import command_that_makes

HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
CONNECT_SECONDS = 10.0
_HUB_ID = re.compile(r"^[\w.-]+(/[\w.-]+)?(@[\w./-]+)?$")


@dataclass(frozen=True)
class LocatedModel:
    """A model whose files are on this machine.

    Attributes:
        name: as the user wrote it.
        folder: where config, weights and tokenizer are.
        revision: the commit on the hub, for a hub id.
    """

    name: str
    folder: Path
    revision: str | None = None


def locate_model(name: str) -> LocatedModel:
    """Find a model's files; download them from the hub if that is allowed and needed.

    A model that is not in the library's layout is converted the first time (`toolkit.adapters.model_cache`).

    Raises:
        HubError: if there is no such model, or if it is not in the cache and the hub cannot be reached.
        IntegrityError: if a folder has weights without their configuration, or a GGUF file is damaged.
        ResourceError: if a model has to be converted and the cache folder cannot be written.
    """
    if name.startswith("packaged:"):
        return LocatedModel(name, _packaged_folder(name))
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _in_folder(folder, name=name)
    if folder.suffix.lower() == SUFFIX:
        return LocatedModel(name, converted_gguf(folder, name=name))
    if folder.is_file():
        raise HubError("this is a file; a model is a folder, a .gguf file, a hub id or packaged:<name>", where=name)
    if "\\" in name and os.sep == "/":
        there = Path(name.replace("\\", "/")).expanduser()
        fix = f"write {there.as_posix()!r}" if there.is_dir() else "write the path of a folder of this system, with /"
        raise HubError(explain("backslashes separate folders on Windows only", fix=fix), where=name)
    if not _HUB_ID.match(name) or name.startswith("."):
        raise HubError(explain(f"there is no such folder{meant_folder(folder)}", fix=_local_advice(name)), where=name)
    return _from_hub(name)


def _packaged_folder(name: str) -> Path:
    model = packaged_model(name)
    carried = carried_path(model.carrier)
    if model.form is Form.GGUF:
        return converted_gguf(carried, name=name)
    return warm_started(carried, name=name) if model.form is Form.ENCODER else carried


def _in_folder(folder: Path, *, name: str) -> LocatedModel:
    if any((folder / file).is_file() for file in ("config.json", "adapter_config.json")):
        return LocatedModel(name, folder)
    if any(folder.glob("*.safetensors")):
        raise IntegrityError("the model's config.json is missing", where=name)
    if (folder / "model" / "config.json").is_file():
        raise HubError(explain("this is a run", fix=f"name its model: {Path(name) / 'model'}"), where=name)
    raise HubError(explain("the folder has no config.json, so it is no model", fix=_local_advice()), where=name)


def _from_hub(name: str) -> LocatedModel:
    repo, _, revision = name.partition("@")
    reason = "offline" if constants.HF_HUB_OFFLINE else _download(repo, revision or None, name=name)
    try:
        # The same patterns as for the download: without them the client reports the files that were left out.
        kept = snapshot_download(repo, revision=revision or None, local_files_only=True, allow_patterns=HUB_FILES)
        folder = Path(kept)
    except (LocalEntryNotFoundError, HFValidationError) as error:
        found = f"there is no such folder{meant_folder(Path(name))}, and as a model of the hub it is not in the cache"
        found += f", and the hub is not to be reached ({reason})" if reason else ""
        raise HubError(explain(found, fix=_local_advice(repo)), where=name) from error
    if not (folder / "config.json").is_file():
        raise HubError("the repository has no config.json, so it is no transformers model", where=name)
    return LocatedModel(name, folder, revision=folder.name)


def _download(repo: str, revision: str | None, *, name: str) -> str | None:
    """Download the files that the cache lacks; return the reason if the hub does not answer, else None."""
    try:
        HfApi().model_info(repo, revision=revision, timeout=CONNECT_SECONDS)
        with plain_transfers():
            snapshot_download(repo, revision=revision, allow_patterns=HUB_FILES)
    except GatedRepoError as error:
        raise HubError(
            "this model is gated; accept its terms on its page and log in with `hf auth login`", where=name
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise HubError(explain("the hub has no such model or revision", fix=_local_advice(repo)), where=name) from error
    except Exception as error:  # the client's transport errors have no common base that it exports
        return f"{type(error).__name__}: {error}".split("\n")[0]
    return None


def _local_advice(repo: str = "") -> str:
    command = command_that_makes(repo)
    if command is not None:
        return f"this makes it: {command}"
    known = [f"packaged:{name}" for name in PACKAGED_MODELS]
    match = nearest(repo.rpartition("/")[2], list(PACKAGED_MODELS)) if repo else None
    meant = f"did you mean packaged:{match}? " if match else ""
    return f"{meant}without a network there are: {', '.join(known)}, and any local folder or .gguf file"
