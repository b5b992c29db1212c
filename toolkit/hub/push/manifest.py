"""Exactly which files a push sends: named one by one, read once, nothing because it happens to lie there."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolkit.adapters.adapter_folder import SETTINGS as ADAPTER_SETTINGS
from toolkit.adapters.adapter_folder import WEIGHTS as ADAPTER_WEIGHTS
from toolkit.adapters.integrity import INDEX, check_weight_files
from toolkit.errors import Fault, IntegrityError
from toolkit.files import sha256_file
from toolkit.hub.push.model_code import code_files

CARD = "README.md"
WEIGHTS = "model.safetensors"
SETTINGS_FILES = ("config.json", "generation_config.json")
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "source.spm",
    "target.spm",
    "bpe.codes",
    "dict.txt",
    "preprocessor_config.json",
    "processor_config.json",
)
RUN_FILES = ("recipe.yaml", "metrics.json", "golden.json")
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_LARGE = ".safetensors"


@dataclass(frozen=True)
class ManifestFile:
    """A file to send.

    Attributes:
        path: in the repository.
        source: its content, or for weights the file that holds it.
        size: bytes.
        sha256: of the content, 64 hex digits.
        origin: the file that it was read or made from, if there is one.
    """

    path: str
    source: Path | bytes
    size: int
    sha256: str
    origin: Path | None = None

    def git_sha1(self) -> str:
        """Return the SHA-1 by which git, and so the hub, names a small file."""
        content = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """All files of a push, by path, and the names of what lies beside them and stays here."""

    files: tuple[ManifestFile, ...]
    left_out: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Return the number of bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return where the files go."""
        return tuple(file.path for file in self.files)

    @property
    def is_adapter(self) -> bool:
        """Return whether an adapter is sent, and not a whole model."""
        return ADAPTER_SETTINGS in self.paths

    def content(self, path: str) -> bytes | None:
        """Return a file's content, or None where there is no such small file."""
        return next((file.source for file in self.files if file.path == path and isinstance(file.source, bytes)), None)

    def json(self, path: str) -> Mapping[str, Any] | None:
        """Return a JSON file's object, or None where there is none."""
        content = self.content(path)
        return None if content is None else _object(content, where=path)

    def having(self, *files: ManifestFile) -> Manifest:
        """Return a manifest with these files instead of those with the same paths, in the order of their paths."""
        by_path = {file.path: file for file in (*self.files, *files)}
        return replace(self, files=tuple(by_path[path] for path in sorted(by_path)))


def made_file(path: str, content: bytes, *, origin: Path | None = None) -> ManifestFile:
    """Return a file that is written for the push, perhaps from one of this machine."""
    return ManifestFile(path, content, len(content), hashlib.sha256(content).hexdigest(), origin)


def model_manifest(folder: Path, *, within: Path | None = None) -> Manifest:
    """Return the files of a model or an adapter, at the root of the repository.

    Args:
        folder: in the library's layout.
        within: links are followed as far as they stay in here; None: in `folder`.

    Raises:
        IntegrityError: a file is missing, damaged, a pickle, or lies outside; or code that the configuration names.
    """
    where = str(folder)
    names = [*SETTINGS_FILES, *TOKENIZER_FILES]
    if (folder / ADAPTER_SETTINGS).is_file():
        names += [ADAPTER_SETTINGS, ADAPTER_WEIGHTS]
        if not (folder / ADAPTER_WEIGHTS).is_file():
            raise IntegrityError(f"{ADAPTER_WEIGHTS} is missing", where=where)
    else:
        check_weight_files(folder, where=where)
        names += _weight_names(folder)
    there = [name for name in names if (folder / name).is_file()]
    files = _read(folder, [*there, *code_files(folder)], within=within or folder)
    taken = {file.path for file in files}
    left_out = sorted(path.name for path in folder.iterdir() if path.name not in taken)
    return Manifest(tuple(sorted(files, key=lambda file: file.path)), tuple(left_out))


def read_file(path: Path, *, name: str, within: Path) -> ManifestFile:
    """Read a file of this machine under its name in the repository, so that what is checked is what is sent.

    Raises:
        IntegrityError: it is a link to somewhere else, or no plain file.
    """
    resolved = path.resolve()
    if not resolved.is_relative_to(within.resolve()):
        raise IntegrityError(f"this is a link that leads out of {within}; put the file itself there", where=str(path))
    if not resolved.is_file():
        raise IntegrityError("this is no plain file", where=str(path))
    if name.endswith(_LARGE):
        return ManifestFile(name, resolved, resolved.stat().st_size, sha256_file(resolved), path)
    return made_file(name, resolved.read_bytes(), origin=path)


def is_ours(path: str) -> bool:
    """Return whether pushes write a path; a file there that a later push does not have is a leftover."""
    named = {*SETTINGS_FILES, *TOKENIZER_FILES, *RUN_FILES, WEIGHTS, INDEX, ADAPTER_SETTINGS, ADAPTER_WEIGHTS}
    return path in named or _SHARD.fullmatch(path) is not None


def _weight_names(folder: Path) -> list[str]:
    """Return the names of the weight files that the library opens: one file, or the index and its parts."""
    if (folder / WEIGHTS).is_file():
        return [WEIGHTS]
    index = _object((folder / INDEX).read_bytes(), where=str(folder / INDEX))
    return [INDEX, *sorted(set(index["weight_map"].values()))]


def _read(folder: Path, names: Iterable[str], *, within: Path) -> list[ManifestFile]:
    files: list[ManifestFile] = []
    faults: list[Fault] = []
    for name in dict.fromkeys(names):
        try:
            files.append(read_file(folder / name, name=name, within=within))
        except IntegrityError as error:
            faults += error.faults
        except OSError as error:
            faults.append(Fault(f"cannot be read: {error.strerror}", where=str(folder / name)))
    if faults:
        raise IntegrityError(*faults)
    return files


def _object(content: bytes, *, where: str) -> Mapping[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise IntegrityError(f"this is no JSON: {error}", where=where) from error
    if not isinstance(value, dict):
        raise IntegrityError("this is no JSON object", where=where)
    return value
